"""The demo from an open database to a finished report: prepare, connect simulated shops, run the jobs, sum up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.checks import count_checks
from cli.database import Database
from cli.demo_report import DemoReport
from cli.demo_shops import SimulatedTrafft, connect_shops, simulated_trafft, start_simulator
from cli.demo_state import DemoState
from cli.environment import child_environment
from cli.following import Follower
from cli.installation import Installation
from cli.migration import close_dead_runs
from cli.preparation import prepared
from cli.progress import Progress
from cli.runs import JobRun, run_jobs
from cli.summary import summarise
from cli.supervisor import Supervisor
from ingestion.control.database import connect
from ingestion.control.records import Integration

JOBS = ("full_sync", "analytics")


@dataclass(frozen=True)
class Stage:
    """What the demo plays on."""

    installation: Installation
    database: Database
    supervisor: Supervisor
    progress: Progress

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the demo's processes: they may speak http to the simulator on this machine."""
        keys = self.installation.key_ring()
        return child_environment(self.installation.home, self.database.url, keys, allow_loopback=True)


def play(stage: Stage, state: DemoState, frozen_at: datetime | None) -> DemoReport:
    """Sync every simulated shop in full, transform and check, and report."""
    environment = stage.environment
    state.keep(stage.installation.home)
    simulator = start_simulator(stage.supervisor, state, environment, frozen_at=frozen_at)
    with prepared(
        stage.supervisor, stage.installation.home, stage.database.url, environment=environment, progress=stage.progress
    ):
        trafft = simulated_trafft(stage.supervisor, simulator, state)
        shops = _connect(stage, trafft)
    close_dead_runs(stage.supervisor, stage.database.url, environment)
    runs = _run(stage, environment, shops)
    with stage.progress.phase("summary", "Summing up"):
        return _report(stage, shops, runs, frozen_at=frozen_at, simulator=_facts(state, trafft, frozen_at))


def _connect(stage: Stage, trafft: SimulatedTrafft) -> list[Integration]:
    with stage.progress.phase("connect", f"Connecting {len(trafft.shops)} shops at {trafft.base_url}"):
        return connect_shops(stage.database.url, stage.installation.key_ring(), trafft)


def _run(stage: Stage, environment: dict[str, str], shops: Sequence[Integration]) -> list[JobRun]:
    url = stage.database.url
    with (
        stage.progress.phase("runs", "Running full_sync and analytics"),
        Follower(url, shops, stage.progress) as follower,
    ):
        return run_jobs(
            stage.supervisor,
            JOBS,
            [shop.id for shop in shops],
            environment=environment,
            url=url,
            meanwhile=follower.look,
        )


def _report(
    stage: Stage,
    shops: Sequence[Integration],
    runs: Sequence[JobRun],
    *,
    frozen_at: datetime | None,
    simulator: dict[str, Any],
) -> DemoReport:
    with connect(stage.database.url) as connection:
        summaries = summarise(connection, shops, runs[0].run_id)
        checks = count_checks(connection, [run.run_id for run in runs])
    # What counts as over is the marts' word; without marts there is only the moment at which we looked.
    as_of = max((shop.totals.as_of for shop in summaries if shop.totals.as_of), default=frozen_at or datetime.now(UTC))
    phases = {**stage.progress.seconds, **{run.job: run.seconds for run in runs}}
    return DemoReport(as_of, summaries, checks, runs, phases, simulator)


def _facts(state: DemoState, trafft: SimulatedTrafft, frozen_at: datetime | None) -> dict[str, Any]:
    """Return what a test needs to make the same shops again: no secret, for the secrets follow from the seed."""
    shops = [{"name": shop["name"], "clientId": shop["clientId"]} for shop in trafft.shops]
    return {"seed": state.seed, "shops": shops, "asOf": frozen_at, "baseUrl": trafft.base_url}
