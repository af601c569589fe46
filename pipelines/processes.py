"""Which runs are really alive: after a power cut Dagster itself goes on believing in the dead ones."""

import socket
from collections.abc import Mapping

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.storage.tags import MAX_RETRIES_TAG as MAX_RETRIES_TAG

PROCESS_TAG = "sixfb/process"
_UNFINISHED = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def this_process() -> Mapping[str, str]:
    """Return the tag by which others can tell whether the process of a run still lives."""
    return {PROCESS_TAG: _identity(psutil.Process())}


def close_dead_runs(instance: DagsterInstance) -> list[DagsterRun]:
    """Fail the runs whose process is gone, free what they held, and return them.

    Call it before the daemon and the code server are started: then only a run that `run_job` tagged with a living
    process can still be alive. Without it a run that died with the machine stays STARTED for ever and keeps its pool.
    """
    dead = [run for run in instance.get_runs(RunsFilter(statuses=_UNFINISHED)) if not _is_alive(run)]
    for run in dead:
        instance.report_run_failed(run, "The process of this run died (a crash, a kill or a power cut).")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return dead


def _is_alive(run: DagsterRun) -> bool:
    identity = run.tags.get(PROCESS_TAG, "")
    host, _, pid = identity.partition(":")
    if not identity:
        return False
    if host != socket.gethostname():
        return True
    try:
        return _identity(psutil.Process(int(pid.partition(":")[0]))) == identity
    except psutil.NoSuchProcess:
        return False


def _identity(process: psutil.Process) -> str:
    # The start time tells a process from a later one that was given the same number.
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"
