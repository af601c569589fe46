"""Running Dagster jobs in one child process, and telling meanwhile how far they are."""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cli.supervisor import Child, Supervisor
from ingestion.control.database import connect

SUCCESS = "SUCCESS"
_GRACE = 15.0
"""Seconds for a run to stop in order: the page in flight, and what it read so far is loaded or given up."""
_POLL = 0.2
_SECONDS = "select run_id, round((end_time - start_time)::numeric, 2)::float8 from dagster.runs where run_id = any(%s)"


@dataclass(frozen=True)
class JobRun:
    """One finished run, as Dagster's instance has it."""

    job: str
    run_id: str
    status: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether every step did what it should."""
        return self.status == SUCCESS


def run_jobs(
    supervisor: Supervisor,
    jobs: Sequence[str],
    integration_ids: Sequence[str],
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str],
    url: str,
    meanwhile: Callable[[], None],
) -> list[JobRun]:
    """Run the jobs one after the other in one process, as real Dagster runs, and return what became of each.

    `options` are further arguments of `pipelines.launch`: what a sync reads. `meanwhile` is called a few times a
    second. Raises `ServiceFailed` when the process dies before it has run them all; a run that failed is returned like
    any other.
    """
    shops = [part for key in integration_ids for part in ("--integration", key)]
    command = [sys.executable, "-P", "-m", "pipelines.launch", *jobs, *shops, *options]
    child = supervisor.start(
        "run",
        command,
        environment=environment,
        grace=_GRACE,
        pipe=True,
        lasting=False,
        stop_with=signal.SIGINT,  # what Dagster ends a run in order for; SIGTERM would leave it running in its books
    )
    finished = _results(supervisor, child, meanwhile)
    if len(finished) < len(jobs):
        raise child.failure(f"ended before {jobs[len(finished)]} had run")
    supervisor.forget(child)
    return _timed(url, finished)


def _results(supervisor: Supervisor, child: Child, meanwhile: Callable[[], None]) -> list[Mapping[str, str]]:
    """Read one line of JSON a run, in a thread, for the main one has to hear Ctrl-C and to tell what goes on."""
    finished: list[Mapping[str, str]] = []
    reader = threading.Thread(target=_read, args=(child, finished), daemon=True)
    reader.start()
    while child.process.poll() is None:
        supervisor.check()  # what a run needs may die under it, and it would wait long for an answer
        meanwhile()
        time.sleep(_POLL)
    reader.join()
    return finished


def _read(child: Child, finished: list[Mapping[str, str]]) -> None:
    """Take the results out of the output; what else is in it, dbt's words for one, belongs in the log."""
    with child.log.open("ab") as log:
        for line in child.lines():
            if line.startswith(b'{"job"'):
                finished.append(json.loads(line))
            else:
                log.write(line)


def _timed(url: str, finished: Sequence[Mapping[str, str]]) -> list[JobRun]:
    """Add how long each run took, as Dagster's own storage says."""
    with connect(url) as connection:
        rows = connection.execute(_SECONDS, ([run["runId"] for run in finished],)).fetchall()
    seconds: dict[str, float | None] = dict(rows)
    return [JobRun(run["job"], run["runId"], run["status"], seconds.get(run["runId"]) or 0.0) for run in finished]
