"""Syncs on behalf of a person: in a child process of ours, or in the queue of a running installation."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.dagster_ui import DagsterUi
from cli.database import Database
from cli.environment import child_environment
from cli.errors import CommandError
from cli.following import Follower
from cli.installation import Installation
from cli.preparation import prepared
from cli.progress import Progress
from cli.runs import SUCCESS, run_jobs
from cli.supervisor import Supervisor
from ingestion.control.database import connect
from ingestion.control.records import Integration, SyncOperation
from ingestion.control.sync_operations import history
from ingestion.reading import SyncType

JOBS: Mapping[SyncType, str] = {
    "full": "full_sync",
    "incremental": "incremental_sync",
    "appointments": "incremental_sync",
    "customers": "customers_sync",
    "backfill": "backfill",
}
"""What a person may ask for, and the job that does it. A sync for webhooks only the webhooks themselves can aim."""
_UNFINISHED = frozenset({"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"})
_POLL = 0.5


@dataclass(frozen=True)
class Wish:
    """What is to be synced: which shops, what of them, for a back-fill the days (ISO, both included).

    `forced`: also shops that are being left alone for a while because they kept failing.
    """

    shops: Sequence[Integration]
    sync_type: SyncType
    date_from: str | None = None
    date_to: str | None = None
    forced: bool = False

    @property
    def job(self) -> str:
        """The job that does it."""
        return JOBS[self.sync_type]

    @property
    def ids(self) -> list[str]:
        """The shops' integrations."""
        return [shop.id for shop in self.shops]

    @property
    def options(self) -> dict[str, str | bool]:
        """The other fields of the run's config."""
        given = {"date_from": self.date_from, "date_to": self.date_to, "forced": self.forced}
        return {name: value for name, value in given.items() if value}

    @property
    def arguments(self) -> list[str]:
        """The same as arguments of `pipelines.launch`."""
        days = [
            part for flag, day in (("--from", self.date_from), ("--to", self.date_to)) if day for part in (flag, day)
        ]
        return ["--type", self.sync_type, *days, *(["--forced"] if self.forced else [])]


@dataclass(frozen=True)
class Run:
    """A Dagster run and its status in Dagster's words."""

    run_id: str
    status: str


@dataclass(frozen=True)
class SyncOutcome:
    """What became of a sync: Dagster's view of the run, and the control record's of the shop."""

    shop: Integration
    run: Run
    operation: SyncOperation | None

    @property
    def is_pending(self) -> bool:
        """Whether it was queued and not waited for."""
        return self.run.status in _UNFINISHED

    @property
    def is_ok(self) -> bool:
        """Whether the run succeeded and synced the shop whole; a busy shop is left out by a run that succeeds."""
        return self.run.status == SUCCESS and self.operation is not None and self.operation.status == "success"

    @property
    def reason(self) -> str:
        """Why it is not ok, for a person."""
        if self.operation is None and self.run.status == SUCCESS:
            return "another run was syncing it already, so this one left it alone; `sixfb status` shows how it goes."
        if self.operation is None:
            return f"the run ended as {self.run.status} before it came to this shop; see it in the Dagster UI."
        problems = [str(problem.get("message")) for problem in self.operation.errors]
        return "; ".join(problems) or f"it ended as {self.operation.status}; `sixfb status` says what is missing."

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return {
            "integrationId": self.shop.id,
            "barbershopId": self.shop.barbershop_id,
            "runId": self.run.run_id,
            "runStatus": self.run.status,
            "status": None if self.operation is None else self.operation.status,
            "resources": {} if self.operation is None else self.operation.summary.get("resources", {}),
        }


def run_here(
    installation: Installation, database: Database, wish: Wish, *, progress: Progress, follower: Follower
) -> Run:
    """Run the syncs in a child process and wait for it."""
    home, settings = installation.home, installation.settings
    environment = child_environment(home, database.url, installation.key_ring(), allow_loopback=settings.allow_loopback)
    names = wish.shops[0].name if len(wish.shops) == 1 else f"{len(wish.shops)} shops"
    with Supervisor(home) as supervisor:
        with prepared(supervisor, home, database.url, environment=environment, progress=progress):
            pass
        with progress.phase("sync", f"Syncing {names}"):
            runs = run_jobs(
                supervisor,
                [wish.job],
                wish.ids,
                options=wish.arguments,
                environment=environment,
                url=database.url,
                meanwhile=follower.look,
            )
    return Run(runs[0].run_id, runs[0].status)


def submit_to(up: Mapping[str, Any], wish: Wish, *, follower: Follower | None) -> Run:
    """Queue the syncs in the installation that runs, and follow them to their end if there is a follower."""
    from pipelines.runs import sync_inputs

    if not up.get("ui"):
        raise CommandError(f"`sixfb {up.get('command', 'up')}` is still starting on this home. Try again in a moment.")
    ui = DagsterUi(str(up["ui"]))
    inputs = sync_inputs(wish.ids, wish.sync_type, **wish.options)
    run_id = ui.launch(wish.job, inputs.config, inputs.tags)
    status = "QUEUED"
    while follower is not None and status in _UNFINISHED:
        time.sleep(_POLL)
        follower.look()
        status = ui.run_status(run_id) or status
    return Run(run_id, status)


def outcomes_of(url: str, wish: Wish, run: Run) -> list[SyncOutcome]:
    """Join the run with what it wrote into the control record."""
    outcomes = []
    with connect(url) as connection:
        for shop in wish.shops:
            operations = history(connection, shop.id, 20)
            outcomes.append(SyncOutcome(shop, run, next((one for one in operations if one.run_id == run.run_id), None)))
    return outcomes
