"""One sync on behalf of a person: in a child process of ours, or in the queue of a running installation."""

import time
from collections.abc import Mapping
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

_UNFINISHED = frozenset({"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"})
_POLL = 0.5


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
    installation: Installation,
    database: Database,
    shop: Integration,
    sync_type: SyncType,
    *,
    progress: Progress,
    follower: Follower,
) -> Run:
    """Run the sync in a child process and wait for it."""
    home, settings = installation.home, installation.settings
    environment = child_environment(home, database.url, installation.key_ring(), allow_loopback=settings.allow_loopback)
    with Supervisor(home) as supervisor:
        with prepared(supervisor, home, database.url, environment=environment, progress=progress):
            pass
        with progress.phase("sync", f"Syncing {shop.name}"):
            runs = run_jobs(
                supervisor,
                [f"{sync_type}_sync"],
                [shop.id],
                environment=environment,
                url=database.url,
                meanwhile=follower.look,
            )
    return Run(runs[0].run_id, runs[0].status)


def submit_to(up: Mapping[str, Any], shop: Integration, sync_type: SyncType, *, follower: Follower | None) -> Run:
    """Queue the sync in the installation that runs, and follow it to its end if there is a follower."""
    from pipelines.runs import sync_inputs

    if not up.get("ui"):
        raise CommandError(f"`sixfb {up.get('command', 'up')}` is still starting on this home. Try again in a moment.")
    ui = DagsterUi(str(up["ui"]))
    inputs = sync_inputs([shop.id], sync_type)
    run_id = ui.launch(f"{sync_type}_sync", inputs.config, inputs.tags)
    status = "QUEUED"
    while follower is not None and status in _UNFINISHED:
        time.sleep(_POLL)
        follower.look()
        status = ui.run_status(run_id) or status
    return Run(run_id, status)


def outcome_of(url: str, shop: Integration, run: Run) -> SyncOutcome:
    """Join the run with what it wrote into the control record."""
    with connect(url) as connection:
        operations = history(connection, shop.id, 20)
    return SyncOutcome(shop, run, next((one for one in operations if one.run_id == run.run_id), None))
