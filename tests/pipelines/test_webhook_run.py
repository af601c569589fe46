"""From a stored webhook to the marts in one run, beside a shop that fails."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dagster import AssetKey, DagsterInstance, RepositoryDefinition

from ingestion.control import webhook_events
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from pipelines.launch import run_job
from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhooks import Delivery, Postman
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [
    pytest.mark.sql,
    pytest.mark.slow,
    # dagster-dbt 0.29.27 asks Dagster for something that Dagster 1.13.27 deprecates.
    pytest.mark.filterwarnings("ignore:AssetExecutionContext.op is deprecated"),
]


@pytest.fixture
def connected(
    repository: RepositoryDefinition,
    environment: pytest.MonkeyPatch,
    shop: Shop,
    simulator_url: str,
    database_url: str,
    instance: DagsterInstance,
    tmp_path: Path,
) -> ConnectedShop:
    """Return a shop that was synced once, with no mart built."""
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    connected.sync("full")
    return connected


def receive(connected: ConnectedShop, deliveries: list[Delivery]) -> None:
    with connect(connected.installation.url) as connection:
        integration = get_integration(connection, connected.integration_id)
        for each in deliveries:
            webhook_events.store(connection, integration, each.event, each.fields)


def shown(connected: ConnectedShop, appointment_id: str) -> list[tuple[Any, ...]]:
    return connected.rows(
        "select status, scheduled_at, price, price_source, origin, cancel_reason from analytics.external_appointments"
        f" where appointment_id = '{appointment_id}' and integration_id = '{connected.integration_id}'"
    )


def test_a_booking_and_its_cancellation_reach_the_marts(
    connected: ConnectedShop, shop: Shop, clock: Clock, instance: DagsterInstance
) -> None:
    postman = Postman(shop)
    clock.advance(timedelta(minutes=1))
    starts_at = clock.now() + timedelta(hours=5)
    booked = shop.add_appointment(starts_at=starts_at)
    receive(connected, postman.booked(booked))
    assert run_job("webhook_sync", [connected.integration_id], instance=instance).is_success
    price = shop.truth().services[0].price
    assert shown(connected, booked) == [("confirmed", starts_at, price, "webhook", "api", None)]

    shop.cancel(booked)
    receive(connected, postman.canceled(booked))
    assert run_job("webhook_sync", [connected.integration_id], instance=instance).is_success
    assert shown(connected, booked) == [("cancelled", starts_at, price, "webhook", "api", "Sick")]
    day = starts_at.astimezone(ZoneInfo(shop.timezone)).date()
    assert connected.rows(
        f"select external_cancelled from analytics.integration_analytics where period_type = 'daily' and date = '{day}'"
    ) >= [(1,)]
    assert connected.rows("select events, shown, p95_seconds > 0 from control.webhook_latency") == [(2, 2, True)]
    event = instance.get_latest_materialization_event(AssetKey(["analytics", "external_appointments"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["webhooks_shown"].value == 1


def test_a_booking_that_the_api_does_not_show_is_visible_all_the_same(
    connected: ConnectedShop, shop: Shop, clock: Clock, instance: DagsterInstance
) -> None:
    """And a shop that fails in the same run takes nothing from it, but shows as failed."""
    stranger = Shop.generate(seed=8, number=2, clock=clock, appointments=10)
    base_url = connected.rows(f"select base_url from control.integrations where id = '{connected.integration_id}'")
    locked_out = connect_simulated(
        stranger, base_url[0][0], connected.installation.url, connected.installation.work_dir
    )
    booked = shop.add_appointment(starts_at=clock.now() + timedelta(hours=5))
    receive(connected, Postman(shop).booked(booked))
    receive(locked_out, Postman(shop).booked(booked))
    shop.delete_appointment(booked)
    run = run_job("webhook_sync", [locked_out.integration_id, connected.integration_id], instance=instance)
    assert not run.is_success
    [(status, _, _, source, origin, _)] = shown(connected, booked)
    assert (status, source, origin) == ("confirmed", "webhook", "webhook")
    waiting = connected.rows("select processed, attempts from control.webhook_events order by number")
    assert waiting == [(False, 1), (False, 1)]


def test_a_home_whose_marts_older_models_built_goes_on_by_itself(
    connected: ConnectedShop, shop: Shop, clock: Clock, instance: DagsterInstance
) -> None:
    assert run_job("webhook_sync", [connected.integration_id], instance=instance).is_success
    with connect(connected.installation.url) as connection:
        connection.execute("alter table intermediate.int_appointments__latest drop column origin cascade")
        connection.execute("alter table analytics.external_appointments drop column origin cascade")
        connection.execute("comment on schema analytics is 'Marts built by models 0123456789abcdef'")
    booked = shop.add_appointment(starts_at=clock.now() + timedelta(hours=5))
    receive(connected, Postman(shop).booked(booked))
    assert run_job("webhook_sync", [connected.integration_id], instance=instance).is_success
    assert [row[4] for row in shown(connected, booked)] == ["api"]
    [(note,)] = connected.rows("select obj_description('analytics'::regnamespace)")
    assert not note.endswith("0123456789abcdef")
