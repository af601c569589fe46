"""Which runs are really alive: after a power cut Dagster itself goes on believing in the dead ones."""

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, InitResourceContext, RunRecord, RunsFilter
from dagster._core.storage.tags import MAX_RETRIES_TAG as MAX_RETRIES_TAG

PROCESS_TAG = "sixfb/process"
_UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def this_process() -> Mapping[str, str]:
    """Return the tag by which others can tell whether the process of a run still lives."""
    return {PROCESS_TAG: _identity(psutil.Process())}


def note_process(context: InitResourceContext) -> None:
    """Tag the run whose resources are being made with its process; a tick of a schedule or sensor has no run.

    Resources are the first thing of ours that a run touches, whatever launched it.
    """
    if context.run is not None and context.instance is not None:
        context.instance.add_run_tags(context.run.run_id, this_process())


def close_dead_runs(instance: DagsterInstance, *, unknown_after: timedelta = timedelta(0)) -> list[DagsterRun]:
    """Fail the runs whose process is gone, free what they held, and return them.

    Without it a run that died together with the code server stays STARTED for ever and keeps its pool. A run that has
    not told its process counts as dead once it is older than `unknown_after`: at once where the daemon and the code
    server are yet to be started, for then nobody else can be running it.
    """
    born_before = datetime.now(UTC) - unknown_after
    records = instance.get_run_records(RunsFilter(statuses=_UNFINISHED))
    dead = [record.dagster_run for record in records if not _is_alive(instance, record, born_before)]
    for run in dead:
        instance.report_run_failed(run, "The process of this run died (a crash, a kill or a power cut).")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return dead


def _is_alive(instance: DagsterInstance, record: RunRecord, born_before: datetime) -> bool:
    identity = _own_identity(instance, record.dagster_run)
    host, _, pid = identity.partition(":")
    if not identity:
        return _born(record) > born_before
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(pid.partition(":")[0]))
        # A zombie is dead, though nobody has noted its death: so under a container's first process that reaps nobody.
        return _identity(process) == identity and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _own_identity(instance: DagsterInstance, run: DagsterRun) -> str:
    """Return the process that the run itself has told: a run that retries another begins with the other's tags."""
    identity = run.tags.get(PROCESS_TAG, "")
    parent = instance.get_run_by_id(run.parent_run_id) if identity and run.parent_run_id else None
    return "" if parent and parent.tags.get(PROCESS_TAG) == identity else identity


def _born(record: RunRecord) -> datetime:
    if record.start_time is not None:
        return datetime.fromtimestamp(record.start_time, UTC)
    return record.create_timestamp if record.create_timestamp.tzinfo else record.create_timestamp.replace(tzinfo=UTC)


def _identity(process: psutil.Process) -> str:
    # The start time tells a process from a later one that was given the same number.
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"
