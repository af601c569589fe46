"""The runs that cadences launch, and what the instance tells them about runs: under way, or launched lately."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord, RunsFilter
from dagster._core.storage.tags import PARTITION_NAME_TAG

from ingestion.systems import SYSTEMS
from pipelines.cadence import LONGEST_LOOK_BACK, SyncRun, Transform
from pipelines.processes import MAX_RETRIES_TAG
from pipelines.runs import INTEGRATION_TAG, SHARD_TAG, RunInputs, op_config
from pipelines.slots import Cadence, SyncCadence

CADENCE_TAG = "sixfb/cadence"
TICK_TAG = "sixfb/tick"
"""The cadence that launched a run, and at which tick: later ticks count them, so that no crash is retried for ever."""
UNDER_WAY = (
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
)
"""Not NOT_STARTED: a daemon that died between creating a run and queueing it leaves one that nobody will start."""
JOB_TYPES = {
    "full_sync": "full",
    "incremental_sync": "incremental",
    "customers_sync": "customers",
    "__ASSET_JOB": "full",  # the button "Materialize", with the config's default
}
"""Job → the type of its syncs where a run's config does not say; of a job that is not here it is its name."""
_ANY_ZONE = timedelta(days=1)
"""Dagster stamps a new run in the time zone of the database server (1.13.27), whatever that is."""


def scheduled_inputs(cadence: SyncCadence, shard: int, integration_ids: Sequence[str], tick: datetime) -> RunInputs:
    """Return the inputs of a run over those of a shard's shops that are due at a tick (aware)."""
    tags = {SHARD_TAG: str(shard), **launched_by(cadence, tick)}
    if len(integration_ids) == 1:
        tags[INTEGRATION_TAG] = integration_ids[0]
    return RunInputs({"ops": op_config(cadence, integration_ids)}, tags)


def launched_by(cadence: Cadence, tick: datetime) -> dict[str, str]:
    """Return the tags of a run that a cadence launches at a tick (aware).

    After a crash the next tick launches what is still due; Dagster's own retry would do all of the run again.
    """
    return {CADENCE_TAG: cadence, TICK_TAG: tick.isoformat(), MAX_RETRIES_TAG: "0"}


def sync_runs(instance: DagsterInstance, cadence: Cadence, now: datetime) -> list[SyncRun]:
    """Return all runs under way, and those that the cadence launched since the oldest slot that it may answer."""
    since = now - LONGEST_LOOK_BACK - _ANY_ZONE
    under_way = instance.get_runs(RunsFilter(statuses=list(UNDER_WAY)))
    launched = instance.get_runs(RunsFilter(tags={CADENCE_TAG: cadence}, created_after=since))
    # The second look wins: a run that has ended between the two is not under way any more.
    return [as_sync_run(run) for run in {run.run_id: run for run in (*under_way, *launched)}.values()]


def transforms(instance: DagsterInstance, job_name: str, slot: datetime) -> list[Transform]:
    """Return the job's runs that are under way or younger than the slot (aware), whoever launched them."""
    under_way = instance.get_run_records(RunsFilter(job_name=job_name, statuses=list(UNDER_WAY)))
    young = instance.get_run_records(RunsFilter(job_name=job_name, created_after=slot - _ANY_ZONE))
    return [_as_transform(record) for record in {one.storage_id: one for one in (*under_way, *young)}.values()]


def as_sync_run(run: DagsterRun) -> SyncRun:
    """Return what a run syncs, whoever launched it: a cadence, a command or a person in the UI."""
    ops: Any = run.run_config.get("ops", {})
    parts = [ops.get(name, {}).get("config", {}) for name in SYSTEMS]
    named = {key for part in parts for key in part.get("integration_ids", ())}
    partition = run.tags.get(PARTITION_NAME_TAG)
    types = [part["sync_type"] for part in parts if "sync_type" in part]
    return SyncRun(
        id=run.run_id,
        sync_type=types[0] if types else JOB_TYPES.get(run.job_name, run.job_name),
        integration_ids=frozenset(named if partition is None else {*named, partition}),
        is_under_way=run.status in UNDER_WAY,
        cadence=run.tags.get(CADENCE_TAG),
        launched_for=_tick_of(run),
    )


def _as_transform(record: RunRecord) -> Transform:
    run = record.dagster_run
    return Transform(
        started_at=None if record.start_time is None else datetime.fromtimestamp(record.start_time, UTC),
        is_under_way=run.status in UNDER_WAY,
        is_success=run.status is DagsterRunStatus.SUCCESS,
        launched_for=_tick_of(run),
    )


def _tick_of(run: DagsterRun) -> datetime | None:
    tick = run.tags.get(TICK_TAG)
    return None if tick is None else datetime.fromisoformat(tick)
