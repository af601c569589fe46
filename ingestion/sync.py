"""Syncs one integration, whoever asks: lock, read, load, remember. Dagster, the shell and the tests all come here."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from ingestion.control import integrations, sweep_misses, sync_operations
from ingestion.control.database import connect
from ingestion.control.locks import IntegrationLock, integration_lock
from ingestion.control.records import Integration, Outcome, SyncOperation
from ingestion.control.vault import Vault
from ingestion.currencies import minor_digits
from ingestion.loading import LoadReport, RawLoader, RawTables
from ingestion.raw import VersionLog
from ingestion.reading import BookingReader, SyncType
from ingestion.records import ShopContext
from ingestion.sweep import ResourceSweep
from ingestion.systems import SYSTEMS, BookingSystem
from ingestion.versions import Batch, Counts, Observer, Stamp

PROGRESS_SECONDS = 1.0
"""How often a running sync writes its counts to `control.sync_operations`; no page that shows them refreshes faster."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Installation:
    """What a sync needs of the place it runs in: the database, the key ring, a working folder, loopback or not."""

    url: str
    vault: Vault
    work_dir: Path
    allow_loopback: bool = False


@dataclass(frozen=True)
class ResourceCounts:
    """What one sync did to one resource, in records; `complete` says whether the list was proven to be read whole."""

    seen: int
    new: int
    changed: int
    gone: int
    quarantined: int
    complete: bool
    note: str | None = None


@dataclass(frozen=True)
class SyncReport:
    """The outcome of one sync. `status` is success, or partial when a list was incomplete or a record unreadable.

    `phases` are seconds in extract (reading included), normalize and load; `traffic` counts requests, retries, bytes.
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


def sync_integration(
    installation: Installation,
    integration_id: str,
    *,
    sync_type: SyncType,
    run_id: str | None = None,
    on_progress: Progress = lambda line: None,
) -> SyncReport:
    """Read one integration's lists and append what is new to the version log.

    Holds the integration's advisory lock from before the first request until after the last row: one writer at a
    time, whoever started it. Raises `UnknownIntegration`, `AlreadyRunning` when another has the lock, the booking
    system's typed errors, and whatever the load raises; the operation is then recorded as failed, and the next sync
    carries on from there.
    """
    with connect(installation.url, autocommit=True) as connection:
        # The lock's key is the id as the database spells it, however the caller did.
        integration_id = integrations.get_integration(connection, integration_id).id
        with integration_lock(installation.url, integration_id) as lock:
            sync_operations.close_abandoned(connection, integration_id)
            integration = integrations.get_integration(connection, integration_id)
            operation = sync_operations.start(connection, integration, sync_type, run_id)
            try:
                report = _Sync(installation, connection, integration, operation, lock, on_progress).run(sync_type)
            except BaseException as error:
                _record_failure(connection, integration, operation, error)
                raise
            sync_operations.finish(connection, operation, status=report.status, summary=report.summary)
            integrations.mark_synced(connection, integration_id, at=operation.started_at)
            return report


def _record_failure(
    connection: Connection, integration: Integration, operation: SyncOperation, error: BaseException
) -> None:
    details = [{"error": type(error).__name__, "message": str(error), "advice": getattr(error, "advice", None)}]
    # When the database itself is what failed, the next sync closes the operation; the first error is what matters.
    with suppress(psycopg.Error, sync_operations.SyncNotRunning):
        sync_operations.finish(connection, operation, status="failed", errors=details)
        integrations.mark_error(connection, integration.id, f"{type(error).__name__}: {error}")


class _Sync:
    """One sync in progress."""

    def __init__(
        self,
        installation: Installation,
        connection: Connection,
        integration: Integration,
        operation: SyncOperation,
        lock: IntegrationLock,
        on_progress: Progress,
    ) -> None:
        self._installation = installation
        self._connection = connection
        self._integration = integration
        self._operation = operation
        self._lock = lock
        self._on_progress = on_progress
        self._next_report = 0.0
        self._system: BookingSystem = SYSTEMS[integration.provider]
        self._tables = RawTables(self._system.name, self._system.resources)
        self._sweeps: list[ResourceSweep] = []

    def run(self, sync_type: SyncType) -> SyncReport:
        credentials = integrations.credentials_of(self._connection, self._installation.vault, self._integration)
        loader = RawLoader(
            self._installation.url, self._tables, self._integration.id.replace("-", ""), self._installation.work_dir
        )
        loader.drain()
        with (
            self._system.open(
                self._integration, credentials, allow_loopback=self._installation.allow_loopback
            ) as reader,
            connect(self._installation.url, autocommit=True) as log_connection,
        ):
            log = VersionLog(log_connection, self._tables.dataset, self._integration.id)
            self._sweeps = [self._sweep(reader, log, resource.name, sync_type) for resource in self._system.resources]
            load = loader.load(self._batches())
            traffic = reader.traffic
        self._remember_misses()
        return self._report(load, traffic)

    def _sweep(self, reader: BookingReader, log: VersionLog, name: str, sync_type: SyncType) -> ResourceSweep:
        resource = next(resource for resource in self._system.resources if resource.name == name)
        since = sync_operations.last_complete_start(self._connection, self._integration.id, name)
        stamp = Stamp(self._integration.barbershop_id, self._integration.id, self._operation.id)
        context = ShopContext(
            ZoneInfo(self._integration.timezone), minor_digits=minor_digits(self._integration.currency)
        )
        return ResourceSweep(
            observer=Observer(resource, context, stamp, log),
            reading=reader.read(name, sync_type, since=since),
            log=log,
            missed_before=lambda name: sweep_misses.missed_before(self._connection, self._integration.id, name),
            on_progress=self._progress,
        )

    def _batches(self) -> Iterator[Batch]:
        for sweep in self._sweeps:
            yield from sweep.batches()
        # The load begins when this ends: whoever lost the lock meanwhile must not write any more.
        self._lock.confirm()

    def _progress(self, name: str, counts: Counts) -> None:
        self._on_progress(f"{self._integration.name}: {name} {counts.seen:,} read, {counts.new + counts.changed:,} new")
        if time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + PROGRESS_SECONDS
            resources = {sweep.name: asdict(sweep.counts) for sweep in self._sweeps}
            sync_operations.progress(self._connection, self._operation, {"resources": resources})

    def _remember_misses(self) -> None:
        """Keep what this sync missed for the next complete sweep; only now, when its rows are safely loaded."""
        for sweep in self._sweeps:
            if sweep.verdict and sweep.verdict.missed is not None:
                sweep_misses.replace(
                    self._connection, self._integration, sweep.name, sweep.verdict.missed, sync_id=self._operation.id
                )
            elif sweep.outcome:
                sweep_misses.forget(self._connection, self._integration.id, sweep.name, sweep.outcome.seen_ids)

    def _report(self, load: LoadReport, traffic: Mapping[str, float]) -> SyncReport:
        resources = {
            sweep.name: ResourceCounts(
                **asdict(sweep.counts),
                complete=bool(sweep.outcome and sweep.outcome.is_complete),
                note=sweep.notes,
            )
            for sweep in self._sweeps
        }
        is_whole = all(counts.complete and not counts.quarantined for counts in resources.values())
        return SyncReport(
            sync_id=self._operation.id,
            integration_id=self._integration.id,
            barbershop_id=self._integration.barbershop_id,
            status="success" if is_whole else "partial",
            resources=resources,
            phases=load.seconds,
            traffic=traffic,
        )
