"""What a tick of each schedule requests, on a real control record."""

from datetime import UTC, datetime

import pytest
from dagster import DagsterInstance, RepositoryDefinition, build_schedule_context, validate_run_config
from dagster._core.definitions.run_request import RunRequest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from pipelines.defs.resources import Warehouse
from tests.ingestion.syncing import KEY_RING
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql
TICK = datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    return Warehouse(database_url=database_url)


def evaluate(
    repository: RepositoryDefinition, instance: DagsterInstance, warehouse: Warehouse, name: str
) -> ScheduleExecutionData:
    context = build_schedule_context(
        instance=instance,
        scheduled_execution_time=TICK,
        resources={"warehouse": warehouse},
        repository_def=repository,
    )
    return repository.get_schedule_def(name).evaluate_tick(context)


def only_request(tick: ScheduleExecutionData) -> RunRequest:
    (request,) = tick.run_requests or []
    return request


@pytest.mark.parametrize(
    ("schedule", "job", "sync_type"),
    [("full_sync_daily", "full_sync", "full"), ("incremental_sync_hourly", "incremental_sync", "incremental")],
)
def test_one_run_carries_every_shop_that_is_due(
    repository: RepositoryDefinition,
    instance: DagsterInstance,
    warehouse: Warehouse,
    schedule: str,
    job: str,
    sync_type: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", warehouse.database_url)
    monkeypatch.setenv("ENCRYPTION_KEY", KEY_RING.reveal())
    first = insert_shop(warehouse.database_url, "first")
    insert_shop(warehouse.database_url, "paused", auto_sync=False)
    last = insert_shop(warehouse.database_url, "last", status="error")
    request = only_request(evaluate(repository, instance, warehouse, schedule))
    config = request.run_config["ops"]["trafft"]["config"]
    assert config == {"sync_type": sync_type, "integration_ids": [first, last]}
    assert validate_run_config(repository.get_job(job), request.run_config)


@pytest.mark.parametrize("schedule", ["full_sync_daily", "incremental_sync_hourly", "analytics_half_hourly"])
def test_a_tick_without_shops_says_why_it_does_nothing(
    repository: RepositoryDefinition, instance: DagsterInstance, warehouse: Warehouse, schedule: str
) -> None:
    tick = evaluate(repository, instance, warehouse, schedule)
    assert not tick.run_requests
    assert tick.skip_message
    assert "No shop is due" in tick.skip_message


@pytest.mark.parametrize("schedule", ["full_sync_daily", "incremental_sync_hourly", "analytics_half_hourly"])
def test_a_tick_that_is_evaluated_twice_asks_for_the_same_run(
    repository: RepositoryDefinition, instance: DagsterInstance, warehouse: Warehouse, schedule: str
) -> None:
    insert_shop(warehouse.database_url, "first")
    once, again = (only_request(evaluate(repository, instance, warehouse, schedule)) for _ in range(2))
    assert once.run_key == again.run_key
    assert once.run_key is not None
    assert TICK.isoformat() in once.run_key


def test_two_cadences_at_the_same_hour_do_not_share_a_run(
    repository: RepositoryDefinition, instance: DagsterInstance, warehouse: Warehouse
) -> None:
    insert_shop(warehouse.database_url, "first")
    keys = {
        only_request(evaluate(repository, instance, warehouse, name)).run_key
        for name in ("full_sync_daily", "incremental_sync_hourly", "analytics_half_hourly")
    }
    assert len(keys) == 3


def test_two_runs_over_all_shops_wait_for_each_other(
    repository: RepositoryDefinition, instance: DagsterInstance, warehouse: Warehouse
) -> None:
    insert_shop(warehouse.database_url, "first")
    insert_shop(warehouse.database_url, "second")
    for schedule in ("full_sync_daily", "incremental_sync_hourly"):
        assert only_request(evaluate(repository, instance, warehouse, schedule)).tags["sixfb/shard"] == "all"
