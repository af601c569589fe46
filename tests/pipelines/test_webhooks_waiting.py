"""The sensor that follows webhooks: it asks by what waits now, and no key that was used stands in its way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RepositoryDefinition, build_sensor_context
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.test_utils import create_run_for_test

from ingestion.control.webhook_events import Waiting
from pipelines.defs.ingestion.sensors import run_key
from pipelines.defs.resources import Warehouse
from tests.ingestion.webhook_shop import WebhookShop, open_webhook_shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE = Waiting("a", events=1, number=7, attempts=0, last_received_at=NOON)


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[WebhookShop]:
    with open_webhook_shop(database_url, tmp_path) as shop:
        yield shop


def evaluate(repository: RepositoryDefinition, instance: DagsterInstance, shop: WebhookShop) -> SensorExecutionData:
    resources = {"warehouse": Warehouse(database_url=shop.log.url)}
    context = build_sensor_context(instance=instance, resources=resources, repository_def=repository)
    return repository.get_sensor_def("webhooks_waiting").evaluate_tick(context)


@pytest.mark.sql
def test_one_run_is_asked_for_all_shops_with_waiting_events(
    repository: RepositoryDefinition, instance: DagsterInstance, shop: WebhookShop
) -> None:
    assert evaluate(repository, instance, shop).run_requests == []
    shop.receive()
    shop.receive(appointmentId="2")
    with open_webhook_shop(shop.log.url, shop.log.work_dir, name="Other") as other:
        other.receive()
        tick = evaluate(repository, instance, shop)
        [request] = tick.run_requests or []
    config = request.run_config["ops"]["read_again"]["config"]
    assert config == {
        "sync_type": "webhook",
        "integration_ids": [shop.integration.id, other.integration.id],
    }


@pytest.mark.sql
def test_more_is_left_to_gather_while_a_run_is_under_way(
    repository: RepositoryDefinition, instance: DagsterInstance, shop: WebhookShop
) -> None:
    shop.receive()
    create_run_for_test(instance, job_name="webhook_sync", status=DagsterRunStatus.STARTED)
    tick = evaluate(repository, instance, shop)
    assert tick.run_requests == []
    assert "under way" in str(tick.skip_message)


@pytest.mark.sql
@pytest.mark.parametrize(
    "change", ["status = 'disconnected'", "sync_settings = sync_settings || '{\"autoSync\": false}'"]
)
def test_a_shop_that_is_not_to_be_synced_keeps_its_events(
    repository: RepositoryDefinition, instance: DagsterInstance, shop: WebhookShop, change: str
) -> None:
    shop.receive()
    shop.connection.execute(f"update control.integrations set {change}")
    assert evaluate(repository, instance, shop).run_requests == []
    assert not shop.events()[0]["processed"]


@pytest.mark.parametrize(
    "changed",
    [
        Waiting("a", events=2, number=8, attempts=0, last_received_at=NOON),
        Waiting("a", events=1, number=7, attempts=0, last_received_at=NOON + timedelta(microseconds=1)),
        Waiting("a", events=1, number=7, attempts=1, last_received_at=NOON),
    ],
    ids=["a new event", "another delivery", "a reading that did not show it"],
)
def test_whatever_is_new_to_do_has_a_key_of_its_own(changed: Waiting) -> None:
    assert run_key([changed], now=0) != run_key([ONE], now=0)


def test_the_same_situation_is_asked_for_once_a_minute() -> None:
    assert run_key([ONE], now=1) == run_key([ONE], now=59)
    assert run_key([ONE], now=59) != run_key([ONE], now=61)
