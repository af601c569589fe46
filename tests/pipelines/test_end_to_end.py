"""From the false Trafft to the marts through real runs: sync, gate, dbt, checks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterEventType, DagsterInstance, DagsterRun, RepositoryDefinition

from ingestion.control.database import connect
from pipelines.launch import run_job
from simulator.clock import Clock
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [
    pytest.mark.sql,
    pytest.mark.slow,
    # dagster-dbt 0.29.27 asks Dagster for something that Dagster 1.13.27 deprecates.
    pytest.mark.filterwarnings("ignore:AssetExecutionContext.op is deprecated"),
]


@dataclass(frozen=True)
class Pipeline:
    """A shop, another whose credentials Trafft does not know, and Dagster over both."""

    connected: ConnectedShop
    locked_out: str
    instance: DagsterInstance

    def run(self, job: str, *others: str) -> DagsterRun:
        shops = [] if job == "analytics" else [self.connected.integration_id, *others]
        return run_job(job, shops, instance=self.instance)

    def value(self, query: str) -> Any:
        (row,) = self.connected.rows(query)
        return row[0]

    def row_count(self, mart: str) -> int:
        """Return the number of rows that the UI shows of a mart."""
        event = self.instance.get_latest_materialization_event(AssetKey(["analytics", mart]))
        assert event is not None
        assert event.asset_materialization is not None
        return int(str(event.asset_materialization.metadata["dagster/row_count"].value))

    def steps(self, run: DagsterRun, kind: DagsterEventType) -> set[str]:
        """Return the steps of a run that have an event of this kind."""
        logs = self.instance.all_logs(run.run_id, of_type=kind)
        return {entry.step_key for entry in logs if entry.step_key}

    def evaluations(self, run: DagsterRun) -> dict[str, bool]:
        """Return the checks of a run by asset and name, and whether they passed."""
        logs = self.instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION)
        found = [entry.asset_check_evaluation for entry in logs]
        return {f"{each.asset_key.to_user_string()}:{each.check_name}": each.passed for each in found if each}


@pytest.fixture
def pipeline(
    repository: RepositoryDefinition,
    environment: pytest.MonkeyPatch,
    shop: Shop,
    clock: Clock,
    simulator_url: str,
    database_url: str,
    instance: DagsterInstance,
    tmp_path: Path,
) -> Pipeline:
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    stranger = Shop.generate(seed=8, number=2, clock=clock, appointments=10)
    locked_out = connect_simulated(stranger, simulator_url, database_url, tmp_path).integration_id
    return Pipeline(connected, locked_out, instance)


def test_bookings_travel_from_trafft_to_the_figures_past_a_shop_that_fails(pipeline: Pipeline) -> None:
    assert not pipeline.run("full_sync", pipeline.locked_out).is_success
    run = pipeline.run("analytics")
    assert run.is_success
    bookings = sum(max(len(each.bookings), 1) for each in pipeline.connected.shop.truth().appointments)
    assert pipeline.value("select count(*) from analytics.external_appointments") == bookings
    assert pipeline.row_count("external_appointments") == bookings
    assert pipeline.row_count("integration_analytics") > 0
    evaluations = pipeline.evaluations(run)
    assert evaluations["raw_trafft/appointments:landed_as_promised"]
    assert evaluations["analytics/integration_analytics:figures_are_plausible"]
    assert evaluations["analytics/external_appointments:unique_external_appointments_id"]
    assert [name for name, passed in evaluations.items() if not passed] == []


def test_a_deleted_booking_leaves_the_marts_through_the_gate(pipeline: Pipeline) -> None:
    """A tombstone has no hash and no payload: the gate once took that for damage, and shut for good."""
    shop = pipeline.connected.shop
    pipeline.run("full_sync")
    deleted = shop.truth().appointments[0].id
    shop.delete_appointment(deleted)
    pipeline.run("full_sync")
    with connect(pipeline.connected.installation.url) as connection:  # two sweeps lie an hour apart
        connection.execute("update control.sweep_misses set first_missed_at = first_missed_at - interval '2 hours'")
    pipeline.run("full_sync")
    assert pipeline.value("select count(*) from raw_trafft.appointments where op = 'gone'") == 1
    assert pipeline.run("analytics").is_success
    shown = "select count(*) from analytics.external_appointments where split_part(external_id, ':', 1) = "
    assert pipeline.value(f"{shown} '{deleted}'") == 0


def test_nothing_is_transformed_when_the_landing_is_broken(pipeline: Pipeline) -> None:
    pipeline.run("full_sync")
    with connect(pipeline.connected.installation.url) as connection:
        connection.execute(
            "update raw_trafft.appointments set row_hash = null"
            " where external_id = (select min(external_id) from raw_trafft.appointments)"
        )
    run = pipeline.run("analytics")
    assert not run.is_success
    assert pipeline.steps(run, DagsterEventType.STEP_FAILURE) == {"trafft_landing"}
    assert "dbt" not in pipeline.steps(run, DagsterEventType.STEP_START)
    assert pipeline.value("select to_regclass('analytics.external_appointments') is null")
