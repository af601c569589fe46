"""Runs jobs here and now, in this process, as real runs of the instance.

`python -m pipelines.launch full_sync analytics --integration ID` runs jobs one after the other in one process, so that
the 4 CPU seconds of imports are paid once, and prints one line of JSON a run. What a sync reads, its job says, unless
`--type` does.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import redirect_stdout
from functools import cache

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RepositoryDefinition, RunRequest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import RUN_FAILURE_REASON_TAG
from dagster._utils.interrupts import setup_interrupt_handlers

from ingestion.reading import SYNC_TYPES as SYNC_TYPE_NAMES
from ingestion.reading import SyncType
from pipelines.definitions import defs
from pipelines.processes import MAX_RETRIES_TAG, this_process
from pipelines.runs import WEBHOOK_SYNC, RunInputs, sync_inputs, webhook_inputs

LOCATION = "pipelines"
"""The code location's name, as workspace.yaml gives it."""
SYNC_TYPES: dict[str, SyncType] = {
    "full_sync": "full",
    "incremental_sync": "incremental",
    "customers_sync": "customers",
    "backfill": "backfill",
}
"""Job → what its syncs read."""


def run_job(
    job_name: str,
    integration_ids: Sequence[str] = (),
    *,
    instance: DagsterInstance,
    sync_type: SyncType | None = None,
    **options: str | bool,
) -> DagsterRun:
    """Run a job in this process and return the finished run, which stands in the instance like any other.

    `integration_ids` are the shops of a sync, `options` other fields of its config; other jobs take none. Ask the run's
    `is_success` or `status` for how it went: a failed step does not raise here.
    """
    inputs = inputs_of(job_name, integration_ids, sync_type, **options)
    return _execute(job_name, inputs, instance)


def run_request(job_name: str, request: RunRequest, *, instance: DagsterInstance) -> DagsterRun:
    """Run in this process what a schedule or a sensor asks for, and return the finished run."""
    return _execute(job_name, RunInputs(dict(request.run_config), dict(request.tags)), instance)


def _execute(job_name: str, inputs: RunInputs, instance: DagsterInstance) -> DagsterRun:
    job = repository().get_job(job_name)
    run = instance.create_run_for_job(
        job,
        run_config=inputs.config,
        # Whoever waits for it decides whether to try again, not the daemon.
        tags={**job.run_tags, **inputs.tags, **this_process(), MAX_RETRIES_TAG: "0"},
        remote_job_origin=_origin(job_name),
    )
    execute_run(InMemoryJob(job), run, instance)
    finished = instance.get_run_by_id(run.run_id)
    return finished or run


def inputs_of(
    job_name: str, integration_ids: Sequence[str], sync_type: SyncType | None = None, **options: str | bool
) -> RunInputs:
    """Return what a run of the job is launched with; a sync reads what its job says, unless `sync_type` does."""
    if job_name == WEBHOOK_SYNC:
        return webhook_inputs(integration_ids)
    if job_name in SYNC_TYPES:
        return sync_inputs(integration_ids, sync_type or SYNC_TYPES[job_name], **options)
    return RunInputs(config={}, tags={})


@cache
def repository() -> RepositoryDefinition:
    """Return our definitions, loaded at the first call."""
    return defs().get_repository_def()


def _origin(job_name: str) -> RemoteJobOrigin:
    """Say where the job lives, so that the UI links the run to it and can run it again."""
    location = RegisteredCodeLocationOrigin(LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, repository().name), job_name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the jobs that are named, also after one that failed, until interrupted; return 0 when all succeeded."""
    parser = ArgumentParser(prog="python -m pipelines.launch", description="Run jobs in this process.")
    parser.add_argument("jobs", nargs="+", help=f"{', '.join(SYNC_TYPES)}, analytics; run in this order")
    parser.add_argument("--integration", action="append", default=[], help="id of a shop to sync; may be repeated")
    parser.add_argument("--type", choices=SYNC_TYPE_NAMES, help="what a sync reads, where its job does not mean it")
    parser.add_argument("--from", dest="date_from", metavar="DATE", help="first day of a backfill, such as 2026-03-01")
    parser.add_argument("--to", dest="date_to", metavar="DATE", help="last day of a backfill")
    parser.add_argument("--forced", action="store_true", help="sync also shops that are being left alone for a while")
    options = parser.parse_args(arguments)
    # A polite end, from a supervisor or an operator, closes the run and the sync instead of leaving them open.
    setup_interrupt_handlers()
    statuses = []
    with DagsterInstance.get() as instance:
        for job_name in options.jobs:
            # dbt's words go where Dagster's go, so that our output is JSON alone.
            with redirect_stdout(sys.stderr):
                run = run_job(
                    job_name, options.integration, instance=instance, sync_type=options.type, **_others(options)
                )
            statuses.append(run.status)
            sys.stdout.write(json.dumps({"job": job_name, "runId": run.run_id, "status": run.status.value}) + "\n")
            sys.stdout.flush()
            if run.tags.get(RUN_FAILURE_REASON_TAG) == RunFailureReason.UNEXPECTED_TERMINATION.value:
                break  # Dagster has caught the signal and closed the run; what comes after it is not wanted any more
    return 0 if set(statuses) == {DagsterRunStatus.SUCCESS} else 1


def _others(options: Namespace) -> dict[str, str | bool]:
    given = {"date_from": options.date_from, "date_to": options.date_to, "forced": options.forced}
    return {name: value for name, value in given.items() if value}


if __name__ == "__main__":
    _status = main()
    sys.stderr.flush()
    os._exit(_status)  # taking the interpreter down object by object costs a second or more that somebody waits for
