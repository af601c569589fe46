"""dagster.yaml on a real PostgreSQL: Dagster's own tables keep to their schema, and the limits are those we mean."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance
from dagster._core.run_coordinator import QueuedRunCoordinator

from cli.environment import dagster_url
from ingestion.control.database import connect
from pipelines.pools import prepare_storage

pytestmark = [pytest.mark.sql, pytest.mark.slow]
CONFIGURATION = Path(__file__).parents[2] / "dagster.yaml"


@pytest.fixture
def installed(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """Return the instance as an installation has it."""
    with connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create schema dagster")
    shutil.copy(CONFIGURATION, tmp_path)
    monkeypatch.setenv("SIXFB_DAGSTER_POSTGRES_URL", dagster_url(empty_database_url))
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def test_everything_of_dagster_s_lies_in_its_schema(installed: DagsterInstance, empty_database_url: str) -> None:
    assert installed.get_runs_count() == 0
    with connect(empty_database_url) as connection:
        schemas = connection.execute(
            "select distinct schemaname from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
    assert schemas == [("dagster",)]


def test_runs_wait_in_a_queue_that_is_looked_at_every_second(installed: DagsterInstance) -> None:
    coordinator = installed.run_coordinator
    assert isinstance(coordinator, QueuedRunCoordinator)
    assert coordinator.dequeue_interval_seconds == 1
    queue = installed.get_concurrency_config().run_queue_config
    assert queue is not None
    assert queue.max_concurrent_runs == 4
    assert {limit["key"]: limit["limit"] for limit in queue.tag_concurrency_limits} == {
        "sixfb/shard": 1,
        "sixfb/cadence": 3,  # one place stays free for webhooks and people
        "sixfb/integration": 1,
    }


def test_transforms_take_turns(installed: DagsterInstance) -> None:
    for _ in range(2):
        prepare_storage(installed)
    storage = installed.event_log_storage
    assert storage.get_concurrency_info("transform").slot_count == 1
    first, second = (storage.claim_concurrency_slot("transform", str(run), "dbt").is_claimed for run in (1, 2))
    assert (first, second) == (True, False)


def test_a_crash_is_retried_and_a_failed_step_is_not(installed: DagsterInstance) -> None:
    assert installed.run_monitoring_enabled
    assert installed.run_retries_enabled
    assert not installed.run_retries_retry_on_asset_or_op_failure


def test_nothing_is_reported_to_anybody(installed: DagsterInstance) -> None:
    assert not installed.telemetry_enabled
