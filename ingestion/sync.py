"""Syncs one integration, whoever asks: lock, read, load, remember. Dagster, the shell and the tests all come here."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from ingestion.control import integrations, sync_operations
from ingestion.control.database import connect
from ingestion.control.locks import IntegrationLock, integration_lock
from ingestion.control.records import Integration, Outcome, SyncOperation
from ingestion.control.vault import Vault
from ingestion.loading import RawLoader, RawTables
from ingestion.raw import VersionLog
from ingestion.reading import Aim, BookingReader, SyncType
from ingestion.shop_sync import ResourceCounts, ShopReading
from ingestion.systems import SYSTEMS, BookingSystem
from ingestion.versions import Batch, Counts

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
                report = _Sync(installation, connection, integration, operation, lock, on_progress).run(Aim(sync_type))
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
        self._reading: ShopReading | None = None

    def run(self, aim: Aim) -> SyncReport:
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
            reading = ShopReading(
                self._connection,
                self._system,
                self._integration,
                self._operation,
                aim,
                log=log,
                on_progress=self._progress,
            )
            self._reading = reading
            load = loader.load(self._batches(reading, reader))
            resources = reading.settle()
            traffic = reader.traffic
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

    def _batches(self, reading: ShopReading, reader: BookingReader) -> Iterator[Batch]:
        yield from reading.batches(reader)
        # The load begins when this ends: whoever lost the lock meanwhile must not write any more.
        self._lock.confirm()

    def _progress(self, name: str, counts: Counts) -> None:
        self._on_progress(f"{self._integration.name}: {name} {counts.seen:,} read, {counts.new + counts.changed:,} new")
        if self._reading and time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + PROGRESS_SECONDS
            resources = {resource: asdict(counts) for resource, counts in self._reading.counts.items()}
            sync_operations.progress(self._connection, self._operation, {"resources": resources})
