"""Runs of the sync jobs over simulated shops: every shop's own outcome, whatever became of its neighbours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RepositoryDefinition,
)
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.locks import integration_lock
from ingestion.control.sync_operations import history
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from pipelines.launch import run_job
from pipelines.partitions import integrations
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import KEY_RING, connect_simulated

pytestmark = [pytest.mark.sql, pytest.mark.slow]
APPOINTMENTS = AssetKey(["raw_trafft", "appointments"])


@dataclass(frozen=True)
class Town:
    """Two shops that answer and one whose credentials are wrong, in the order in which they were connected."""

    url: str
    instance: DagsterInstance
    shops: dict[str, Shop]
    healthy: str
    locked_out: str
    neighbour: str

    def sync(self, *integration_ids: str, job: str = "full_sync") -> DagsterRun:
        return run_job(job, integration_ids, instance=self.instance)

    def statuses(self, key: AssetKey = APPOINTMENTS) -> dict[str, set[str]]:
        """Return what the UI shows of each partition."""
        with partition_loading_context(dynamic_partitions_store=self.instance):
            found = get_and_update_asset_status_cache_value(self.instance, key, integrations)
            assert found is not None
            return {
                "materialized": set(
                    found.deserialize_materialized_partition_subsets(integrations).get_partition_keys()
                ),
                "failed": set(found.deserialize_failed_partition_subsets(integrations).get_partition_keys()),
                "in progress": set(found.deserialize_in_progress_partition_subsets(integrations).get_partition_keys()),
            }

    def metadata(self, key: AssetKey, partition: str) -> dict[str, object]:
        """Return the metadata of the latest materialisation of a shop's table."""
        filter_ = AssetRecordsFilter(key, asset_partitions=[partition])
        record = self.instance.fetch_materializations(filter_, limit=1).records[0]
        assert record.asset_materialization is not None
        return {name: value.value for name, value in record.asset_materialization.metadata.items()}

    def failure(self, run: DagsterRun) -> str:
        """Return what the failed step says."""
        (entry,) = self.instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
        assert entry.dagster_event is not None
        data = entry.dagster_event.step_failure_data
        assert data.user_failure_data is not None
        return data.user_failure_data.description or ""


@pytest.fixture
def town(
    repository: RepositoryDefinition,
    environment: pytest.MonkeyPatch,
    database_url: str,
    instance: DagsterInstance,
    clock: Clock,
    tmp_path: Path,
) -> Iterator[Town]:
    shops = [Shop.generate(seed=5, number=number, clock=clock, appointments=60) for number in (1, 2, 3)]
    with running(Simulator(shops, clock=clock)) as base_url:
        first = connect_simulated(shops[0], base_url, database_url, tmp_path).integration_id
        locked_out = connect_with_wrong_secret(shops[1], base_url, database_url)
        last = connect_simulated(shops[2], base_url, database_url, tmp_path).integration_id
        yield Town(
            database_url, instance, dict(zip((first, locked_out, last), shops, strict=True)), first, locked_out, last
        )


def connect_with_wrong_secret(shop: Shop, base_url: str, database_url: str) -> str:
    with connect(database_url) as connection:
        return connect_shop(
            connection,
            Vault.from_ring(KEY_RING),
            name=shop.name,
            base_url=base_url,
            client_id=Secret(shop.client_id),
            client_secret=Secret("mistyped"),
            timezone=shop.timezone,
            currency=shop.currency,
        ).id


def outcomes(town: Town, integration_ids: Sequence[str]) -> list[str]:
    with connect(town.url) as connection:
        return [history(connection, each, limit=1)[0].status for each in integration_ids]


def test_a_failing_shop_leaves_its_neighbours_alone_and_is_seen(town: Town) -> None:
    run = town.sync(town.healthy, town.locked_out, town.neighbour)
    assert run.status is DagsterRunStatus.FAILURE
    assert town.statuses() == {
        "materialized": {town.healthy, town.neighbour},
        "failed": {town.locked_out},
        "in progress": set(),
    }
    assert outcomes(town, [town.healthy, town.locked_out, town.neighbour]) == ["success", "failed", "success"]
    description = town.failure(run)
    assert description.startswith("1 of 3 shops failed. ")
    assert town.locked_out in description
    assert "AuthenticationFailed" in description


def test_a_shop_that_recovers_is_no_longer_shown_as_failed(town: Town, tmp_path: Path) -> None:
    town.sync(town.healthy, town.locked_out)
    with connect(town.url) as connection:
        row = connection.execute(
            "select base_url from control.integrations where id = %s", [town.locked_out]
        ).fetchone()
    assert row is not None
    connect_simulated(town.shops[town.locked_out], row[0], town.url, tmp_path)
    assert town.sync(town.locked_out).is_success
    assert town.statuses()["failed"] == set()
    assert town.locked_out in town.statuses()["materialized"]


def test_a_shop_that_was_not_asked_for_keeps_its_status(town: Town) -> None:
    town.sync(town.healthy)
    town.sync(town.locked_out, town.neighbour)
    assert town.statuses()["materialized"] == {town.healthy, town.neighbour}
    assert town.statuses()["failed"] == {town.locked_out}


def test_what_landed_stands_with_each_table_of_the_shop(town: Town) -> None:
    run = town.sync(town.healthy)
    assert run.is_success
    truth = town.shops[town.healthy].truth().counts
    for name, count in truth.items():
        metadata = town.metadata(AssetKey(["raw_trafft", name]), town.healthy)
        assert (metadata["rows_seen"], metadata["rows_new"], metadata["list_is_complete"]) == (count, count, True)
        assert {"sync_id", "requests", "extract_seconds", "load_seconds"} <= metadata.keys()
    quarantine = town.metadata(AssetKey(["raw_trafft", "quarantine"]), town.healthy)
    assert quarantine["rows_quarantined"] == 0
    with connect(town.url) as connection:
        (operation,) = history(connection, town.healthy)
    assert (operation.id, operation.run_id) == (quarantine["sync_id"], run.run_id)


def test_an_incremental_run_is_recorded_as_one(town: Town) -> None:
    town.sync(town.healthy)
    assert town.sync(town.healthy, job="incremental_sync").is_success
    assert town.metadata(APPOINTMENTS, town.healthy)["rows_new"] == 0
    with connect(town.url) as connection:
        assert history(connection, town.healthy, limit=1)[0].sync_type == "incremental"


def test_one_click_on_a_partition_syncs_that_shop(town: Town, repository: RepositoryDefinition) -> None:
    town.instance.add_dynamic_partitions("integration", list(town.shops))
    result = repository.get_job("full_sync").execute_in_process(instance=town.instance, partition_key=town.neighbour)
    assert result.success
    assert town.statuses()["materialized"] == {town.neighbour}


def test_a_back_fill_of_several_shops_is_one_run(town: Town, repository: RepositoryDefinition) -> None:
    town.instance.add_dynamic_partitions("integration", list(town.shops))
    tags = {
        "dagster/asset_partition_range_start": town.healthy,
        "dagster/asset_partition_range_end": town.neighbour,
    }
    job = repository.get_job("full_sync")
    assert not job.execute_in_process(instance=town.instance, tags=tags, raise_on_error=False).success
    assert town.statuses()["materialized"] == {town.healthy, town.neighbour}
    assert town.statuses()["failed"] == {town.locked_out}


def test_a_shop_that_somebody_else_is_syncing_is_left_to_them(town: Town) -> None:
    with integration_lock(town.url, town.healthy):
        run = town.sync(town.healthy, town.neighbour)
    assert run.is_success
    assert town.statuses() == {"materialized": {town.neighbour}, "failed": set(), "in progress": set()}


def test_an_unknown_shop_fails_the_run_and_says_how_to_find_the_right_one(town: Town) -> None:
    run = town.sync("00000000-0000-0000-0000-000000000000")
    assert not run.is_success
    (entry,) = town.instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
    assert "sixfb shop list" in str(entry.dagster_event)
