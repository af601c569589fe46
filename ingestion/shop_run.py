"""One shop's way through a run: read in a thread, loaded with the others, settled; or failed and recorded so."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from ingestion.control import circuits, integrations, sync_operations
from ingestion.control.database import connect
from ingestion.control.records import Integration, Outcome, SyncOperation
from ingestion.control.vault import Vault
from ingestion.http.pacing import Gate
from ingestion.loading import LoadReport, RawTables
from ingestion.raw import VersionLog
from ingestion.readers import ThreadConnection
from ingestion.reading import Aim
from ingestion.shop_sync import ResourceCounts, ShopReading
from ingestion.systems import BookingSystem
from ingestion.versions import Batch, Counts

PROGRESS_SECONDS = 1.0
"""How often a running sync writes its counts to `control.sync_operations`; no page that shows them refreshes faster."""


@dataclass(frozen=True)
class Installation:
    """What a sync needs of the place it runs in: the database, the key ring, a working folder, loopback or not.

    `requests_per_second` is allowed to all shops of the process together.
    """

    url: str
    vault: Vault
    work_dir: Path
    allow_loopback: bool = False
    requests_per_second: float = 50


@dataclass(frozen=True)
class SyncRequest:
    """A shop, and what to read of it. `forced`: although its circuit is open, because a person insists."""

    integration_id: str
    aim: Aim
    forced: bool = False


@dataclass(frozen=True)
class SyncReport:
    """The outcome of one sync. `status` is success, or partial when a list was incomplete or a record unreadable.

    `phases` are seconds: `extract` is this shop's own reading, `normalize` and `load` are of the package that it shares
    with the other shops of its run. `traffic` counts requests, retries, bytes and seconds waited.
    """

    sync_id: str
    integration_id: str
    barbershop_id: str
    status: Outcome
    resources: Mapping[str, ResourceCounts]
    phases: Mapping[str, float]
    traffic: Mapping[str, float]

    @property
    def summary(self) -> dict[str, Any]:
        """The report as `control.sync_operations.summary` keeps it."""
        resources = {name: asdict(counts) for name, counts in self.resources.items()}
        return {"resources": resources, "phases": dict(self.phases), **self.traffic}


@dataclass(frozen=True)
class ShopOutcome:
    """What became of one shop in a run: a report, or the error that it failed of."""

    integration_id: str
    name: str
    report: SyncReport | None
    error: Exception | None


class ReadingEnded(Exception):
    """The thread that read a shop ended without a word, or never began."""

    def __init__(self) -> None:
        super().__init__("Reading this shop ended without an answer. The run's log may say why; sync the shop again.")


class ShopRun:
    """One shop in a run: `read` in a reader's thread, then `settle` or `fail`. Its `outcome` says how it ended."""

    def __init__(
        self, installation: Installation, system: BookingSystem, integration: Integration, request: SyncRequest
    ) -> None:
        self.integration = integration
        self.request = request
        self.outcome: ShopOutcome | None = None
        self._installation = installation
        self._system = system
        self._dataset = RawTables(system.name, system.resources).dataset
        self._control: Connection | None = None
        self._operation: SyncOperation | None = None
        self._reading: ShopReading | None = None
        self._traffic: Mapping[str, float] = {}
        self._seconds: float | None = None
        self._next_report = 0.0

    def read(
        self, connection: ThreadConnection, *, gate: Gate, run_id: str | None, put: Callable[[Batch | str], None]
    ) -> None:
        """Read the shop's lists and put their rows, and a line for people now and then.

        What goes wrong makes this shop's outcome, and nobody else's. Raises `Stopped` when the run is broken off.
        """
        started = time.perf_counter()
        tombstones: list[Batch] = []
        try:
            for batch in self._rows(connection(), gate, run_id, put):
                if _is_tombstones(batch):
                    # Only for a shop that was read to its end: one list's sweep proves little where the next one fails.
                    tombstones.append(batch)
                else:
                    put(batch)
            for batch in tombstones:
                put(batch)
            self._seconds = time.perf_counter() - started
        except Exception as error:  # whatever it is, it must not stop the neighbours
            self.fail(error)

    def settle(self, load: LoadReport) -> ShopOutcome:
        """Keep what the reading has shown, now that its rows are loaded, and close the operation."""
        if self.outcome is None:
            try:
                self.outcome = self._settled(load)
            except Exception as error:
                self.fail(error)
        return self._ended()

    def fail(self, error: BaseException) -> ShopOutcome:
        """Record that the sync failed of this; a shop that has an outcome keeps it. For any thread."""
        if self.outcome is None:
            cause = error if isinstance(error, Exception) else ReadingEnded()
            self.outcome = ShopOutcome(self.integration.id, self.integration.name, report=None, error=cause)
            if self._operation:
                self._record(self._operation, error)
        return self._ended()

    def _rows(
        self, control: Connection, gate: Gate, run_id: str | None, put: Callable[[Batch | str], None]
    ) -> Iterator[Batch]:
        self._control = control
        sync_operations.close_abandoned(control, self.integration.id)
        # As it is now: the shop may have waited long for its turn.
        integration = self.integration = integrations.get_integration(control, self.integration.id)
        circuits.require_closed(control, integration, forced=self.request.forced)
        aim = self.request.aim
        window = (aim.window.start, aim.window.end) if aim.window else None
        self._operation = sync_operations.start(control, integration, aim.sync_type, run_id, window=window)
        credentials = integrations.credentials_of(control, self._installation.vault, integration)
        loopback = self._installation.allow_loopback
        with self._system.open(integration, credentials, allow_loopback=loopback, gate=gate) as reader:
            log = VersionLog(control, self._dataset, integration.id)

            def on_progress(name: str, counts: Counts) -> None:
                self._traffic = reader.traffic
                put(f"{integration.name}: {name} {counts.seen:,} read, {counts.new + counts.changed:,} new")
                self._show_progress()

            self._reading = ShopReading(
                control, self._system, integration, self._operation, aim, log=log, on_progress=on_progress
            )
            try:
                yield from self._reading.batches(reader)
            finally:
                self._traffic = reader.traffic

    def _show_progress(self) -> None:
        if self._control and self._operation and time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + PROGRESS_SECONDS
            sync_operations.progress(self._control, self._operation, self._so_far())

    def _so_far(self) -> dict[str, Any]:
        counts = self._reading.counts if self._reading else {}
        return {"resources": {name: asdict(each) for name, each in counts.items()}, **self._traffic}

    def _settled(self, load: LoadReport) -> ShopOutcome:
        if not (self._control and self._operation and self._reading) or self._seconds is None:
            raise ReadingEnded
        resources = self._reading.settle()
        is_whole = all(counts.complete and not counts.quarantined for counts in resources.values())
        report = SyncReport(
            sync_id=self._operation.id,
            integration_id=self.integration.id,
            barbershop_id=self.integration.barbershop_id,
            status="success" if is_whole else "partial",
            resources=resources,
            phases={**load.seconds, "extract": self._seconds},
            traffic=self._traffic,
        )
        sync_operations.finish(self._control, self._operation, status=report.status, summary=report.summary)
        if self._traffic.get("requests"):  # else the account was not asked, and nothing is known of it
            integrations.mark_synced(self._control, self.integration.id, at=self._operation.started_at)
            circuits.note_success(self._control, self.integration)
        return ShopOutcome(self.integration.id, self.integration.name, report, error=None)

    def _record(self, operation: SyncOperation, error: BaseException) -> None:
        details = [
            {
                "error": type(error).__name__,
                "message": str(error),
                "advice": getattr(error, "advice", None),
                "blame": circuits.blame_of(error).value,
            }
        ]
        # When the database itself is what failed, the next sync closes the operation; the first error is what matters.
        with (
            suppress(psycopg.Error, sync_operations.SyncNotRunning),
            # A session of its own: the thread's may be at work, or have failed in the middle of something.
            connect(self._installation.url, autocommit=True) as connection,
        ):
            sync_operations.finish(connection, operation, status="failed", summary=self._so_far(), errors=details)
            circuit = circuits.note_failure(connection, self.integration, error)
            said = f"{type(error).__name__}: {error} {circuit.notice}".strip()
            integrations.mark_error(connection, self.integration.id, said)

    def _ended(self) -> ShopOutcome:
        # It remembers every id it saw; a run of many shops must not remember them all to its end.
        self._reading = None
        if self.outcome is None:
            raise ReadingEnded
        return self.outcome


def _is_tombstones(batch: Batch) -> bool:
    rows = batch.rows
    return "op" in rows.column_names and rows.num_rows > 0 and rows.column("op")[0].as_py() == "gone"
