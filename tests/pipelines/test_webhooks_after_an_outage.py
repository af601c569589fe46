"""Hundreds of webhooks wait while nothing runs: whatever Dagster has forgotten meanwhile, all are handled, once."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, RepositoryDefinition, build_sensor_context
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ingestion.control import webhook_events
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from pipelines.defs.resources import Warehouse
from pipelines.launch import run_request
from pipelines.runs import WEBHOOK_SYNC
from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhooks import Postman
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [
    pytest.mark.sql,
    pytest.mark.slow,
    # dagster-dbt 0.29.27 asks Dagster for something that Dagster 1.13.27 deprecates.
    pytest.mark.filterwarnings("ignore:AssetExecutionContext.op is deprecated"),
]
DELIVERIES = 500

Oblivion = Callable[[DagsterInstance], None]


@pytest.fixture
def flooded(
    repository: RepositoryDefinition,
    environment: pytest.MonkeyPatch,
    shop: Shop,
    clock: Clock,
    simulator_url: str,
    database_url: str,
    tmp_path: Path,
) -> ConnectedShop:
    """Return a synced shop with 500 deliveries of the last 25 hours: bookings, their cancellations, and repeats."""
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    connected.sync("full")
    postman = Postman(shop)
    clock.advance(timedelta(minutes=1))
    appointments = [one.id for one in shop.truth().appointments][: DELIVERIES // 2]
    with connect(database_url) as connection:
        integration = get_integration(connection, connected.integration_id)
        posts = [each for appointment_id in appointments for each in postman.booked(appointment_id)][: DELIVERIES // 2]
        for each in (*posts, *posts):
            webhook_events.store(connection, integration, each.event, each.fields)
        connection.execute(
            "update control.webhook_events"
            " set received_at = received_at - interval '25 h', last_received_at = last_received_at - interval '25 h'"
        )
    assert len(posts) == DELIVERIES // 2
    return connected


def evaluate(repository: RepositoryDefinition, instance: DagsterInstance, url: str) -> SensorExecutionData:
    resources = {"warehouse": Warehouse(database_url=url)}
    context = build_sensor_context(instance=instance, resources=resources, repository_def=repository)
    return repository.get_sensor_def("webhooks_waiting").evaluate_tick(context)


def nothing_is_forgotten(instance: DagsterInstance) -> None:
    pass


def the_run_history_is_purged(instance: DagsterInstance) -> None:
    for run in instance.get_runs():
        instance.delete_run(run.run_id)


def every_cursor_is_wiped(instance: DagsterInstance) -> None:
    instance.wipe_all_schedules()


@pytest.mark.parametrize("forgotten", [nothing_is_forgotten, the_run_history_is_purged, every_cursor_is_wiped])
def test_every_delivery_is_handled_after_a_day_without_a_daemon(
    flooded: ConnectedShop,
    repository: RepositoryDefinition,
    instance: DagsterInstance,
    database_url: str,
    forgotten: Oblivion,
) -> None:
    lost = evaluate(repository, instance, database_url)  # the sensor is switched off before this is launched
    assert lost.run_requests
    forgotten(instance)
    runs = 0
    while requests := evaluate(repository, instance, database_url).run_requests:
        for request in requests:
            assert run_request(WEBHOOK_SYNC, request, instance=instance).is_success
            runs += 1
        assert runs <= 2, "one run is enough, and a second may follow"
    assert flooded.rows("select outcome, count(*), sum(deliveries) from control.webhook_events group by 1") == [
        ("applied", DELIVERIES // 2, DELIVERIES)
    ]
    truth = {one.id for one in flooded.shop.truth().appointments}
    shown = flooded.rows("select appointment_id from analytics.external_appointments")
    assert {appointment_id for (appointment_id,) in shown} == truth
