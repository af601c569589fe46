"""Real Dagster runs in processes of their own, as the demo starts them, made to be killed."""

import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self

from cli.chaos.arena import Arena
from cli.chaos.disturbances import Blow, Scene
from cli.chaos.moments import dbt_at_work, folder_moment, wait_for
from cli.environment import child_environment
from cli.errors import ServiceFailed
from cli.migration import close_dead_runs
from cli.preparation import prepared
from cli.progress import Progress
from cli.supervisor import Child, Supervisor
from ingestion.control.database import connect

_OPEN = "select run_id from dagster.runs where status in ('QUEUED', 'NOT_STARTED', 'STARTING', 'STARTED', 'CANCELING')"
_COMPLAINT = re.compile(r"\b(FAIL|ERROR) \d|Failure in|Error in|Got \d+ results?|Database Error|asset check failed")
"""In the words of dbt and of Great Expectations' gate."""
_LONGEST = 240.0
"""Seconds for one run of a few small shops, on a machine with other things to do."""


class DagsterRuns(AbstractContextManager["DagsterRuns"]):
    """Dagster on the arena's database; prepared at the first use, because that costs a dbt parse and a migration."""

    def __init__(self, arena: Arena, progress: Progress) -> None:
        self._arena = arena
        self._progress = progress
        self._stack = ExitStack()
        self._supervisor: Supervisor | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def run(self, job: str, integration_ids: Sequence[str] = ()) -> None:
        """Run a job undisturbed. Raises `ServiceFailed` when it does not succeed."""
        child = self._start(job, integration_ids)
        self._prepared().wait_done(child, seconds=_LONGEST)

    def build_marts(self) -> list[str]:
        """Build and test the marts undisturbed, and return what dbt had to complain of."""
        try:
            self.run("analytics")
        except ServiceFailed as failure:
            said = self._arena.home.log("run").read_text(errors="replace").splitlines()
            complaints = [line.strip() for line in said if _COMPLAINT.search(line)]
            return [f"The marts were not built in order: {line}" for line in dict.fromkeys(complaints)] or [
                str(failure)
            ]
        return []

    def kill_sync(self, scene: Scene) -> Blow:
        """Kill a run that syncs: at a request, or in the middle of its load."""
        at_request = scene.dice.random() < 0.5
        wanted = scene.dice.randrange(1, max(scene.cast.requests_of_a_sync, 1) + 1)
        delay = scene.dice.uniform(0, 0.2)
        first = scene.cast.simulator.count
        loading = folder_moment(scene.order.work_dir, "load")
        child = self._start("full_sync", scene.order.integration_ids)
        moment = (lambda: scene.cast.simulator.count - first >= wanted) if at_request else loading
        hit = wait_for(moment, until=lambda: child.process.poll() is not None, seconds=_LONGEST)
        if not at_request:
            time.sleep(delay)
        self._kill(child)
        where = f"at request {wanted}" if at_request else f"{1000 * delay:.0f} ms after its load began"
        return Blow(f"the run process killed {where}", hit and child.process.returncode == -signal.SIGKILL)

    def kill_dbt(self, scene: Scene) -> Blow:
        """Kill a run while dbt builds: alone, so that dbt goes on without it, or both."""
        both = scene.dice.random() < 0.5
        delay = scene.dice.uniform(0, 2.5)
        with connect(self._arena.url, autocommit=True) as connection:
            moment = dbt_at_work(connection)
            child = self._start("analytics")
            hit = wait_for(moment, until=lambda: child.process.poll() is not None, seconds=_LONGEST)
        time.sleep(delay)
        hit = hit and child.process.poll() is None
        self._kill(child, with_its_children=both)
        whom = "the run process and its dbt" if both else "the run process, dbt left alone,"
        return Blow(f"{whom} killed {delay:.1f} s after dbt began", hit)

    def close_dead(self) -> list[str]:
        """Do what a restarted installation does first, and return the runs that are still open after it."""
        close_dead_runs(self._prepared(), self._arena.url, self._environment())
        with connect(self._arena.url) as connection:
            return [run_id for (run_id,) in connection.execute(_OPEN).fetchall()]

    def _start(self, job: str, integration_ids: Sequence[str] = ()) -> Child:
        shops = [part for key in integration_ids for part in ("--integration", key)]
        return self._prepared().start(
            "run",
            [sys.executable, "-P", "-m", "pipelines.launch", job, *shops],
            environment=self._environment(),
            lasting=False,
        )

    def _kill(self, child: Child, *, with_its_children: bool = True) -> None:
        if with_its_children and child.process.poll() is None:
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.kill()
        child.process.wait()
        self._prepared().forget(child)

    def _environment(self) -> dict[str, str]:
        return child_environment(self._arena.home, self._arena.url, self._arena.keys, allow_loopback=True)

    def _prepared(self) -> Supervisor:
        if self._supervisor is None:
            supervisor = self._stack.enter_context(Supervisor(self._arena.home))
            with prepared(
                supervisor,
                self._arena.home,
                self._arena.url,
                environment=self._environment(),
                progress=self._progress,
            ):
                pass
            self._supervisor = supervisor
        return self._supervisor
