"""Carries out what a person has decided about deletions that were too many to believe."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ingestion.control import held_deletions, integrations, sweep_misses, sync_operations
from ingestion.control.database import connect
from ingestion.control.held_deletions import HeldDeletion
from ingestion.control.locks import IntegrationLocks, integration_lock
from ingestion.control.records import Integration, SyncOperation
from ingestion.loading import RawTables
from ingestion.raw import VersionLog
from ingestion.records import ShopContext
from ingestion.systems import SYSTEMS, BookingSystem
from ingestion.versions import Observer, Stamp
from ingestion.writer_slots import WriterSlots

SYNC_TYPE = "deletions"
"""What the operation is called that accepts them: it asks the booking system nothing."""


@dataclass(frozen=True)
class Accepted:
    """How many records got a tombstone, and how many were refused because there has been a sign of them since."""

    gone: int
    refused: int


def accept(url: str, work_dir: Path, held_id: str) -> Accepted:
    """Make tombstones for the held ids of which nothing has been seen since; the others stay as they are.

    An ordinary load, under the integration's lock and with an operation of its own. Raises `UnknownDeletion`,
    `AlreadyRunning` while the shop is being synced, and whatever the load raises; the deletion then waits on.
    """
    with connect(url, autocommit=True) as connection:
        held = held_deletions.get_open(connection, held_id)
        with integration_lock(url, held.integration_id) as lock:
            sync_operations.close_abandoned(connection, held.integration_id)
            # A sync may have shown some of them again before we had the lock.
            held = held_deletions.get_open(connection, held_id)
            integration = integrations.get_integration(connection, held.integration_id)
            operation = sync_operations.start(connection, integration, SYNC_TYPE)
            try:
                gone = _load(url, work_dir, integration, operation, held, lock)
            except BaseException as error:
                problem = {"error": type(error).__name__, "message": str(error)}
                sync_operations.finish(connection, operation, status="failed", errors=[problem])
                raise
            held_deletions.decide(connection, held_id, "accepted")
            sweep_misses.drop(connection, held.integration_id, held.resource, gone)
            counts = {held.resource: {"seen": 0, "gone": len(gone)}}
            sync_operations.finish(connection, operation, status="success", summary={"resources": counts})
    return Accepted(gone=len(gone), refused=held.missing - len(gone))


def dismiss(url: str, held_id: str) -> None:
    """Forget a held deletion: nothing is removed. The next sweep that misses too many at once holds them anew.

    An operation of its own, later than that of an `accept` that was killed: whatever that one left waiting to be loaded
    is given up for it. Raises `UnknownDeletion`, and `AlreadyRunning` while the shop is being synced.
    """
    with connect(url, autocommit=True) as connection:
        held = held_deletions.get_open(connection, held_id)
        with integration_lock(url, held.integration_id):
            sync_operations.close_abandoned(connection, held.integration_id)
            integration = integrations.get_integration(connection, held.integration_id)
            operation = sync_operations.start(connection, integration, SYNC_TYPE)
            held_deletions.decide(connection, held.id, "dismissed")
            sync_operations.finish(connection, operation, status="success")


def _load(
    url: str,
    work_dir: Path,
    integration: Integration,
    operation: SyncOperation,
    held: HeldDeletion,
    lock: IntegrationLocks,
) -> Sequence[str]:
    """Append the tombstones, and return the ids that have one now."""
    system = SYSTEMS[integration.provider]
    tables = RawTables(system.name, system.resources)
    with WriterSlots(url, tables, work_dir).take() as loader, connect(url, autocommit=True) as connection:
        log = VersionLog(connection, tables.dataset, integration.id)
        told = held_deletions.told_since(connection, held)
        missing = [external_id for external_id in held.external_ids if external_id not in told]
        still_live = log.unseen_since(held.resource, missing, held.held_at)
        observer = _observer(system, integration, operation, held.resource, log)
        try:
            loader.load(observer.gone(still_live, datetime.now(UTC)), before_load=lock.confirm)
        except BaseException:
            # It must not wait for the next run to load it: the person may decide otherwise meanwhile.
            with suppress(Exception):
                loader.discard()
            raise
    return still_live


def _observer(
    system: BookingSystem, integration: Integration, operation: SyncOperation, name: str, log: VersionLog
) -> Observer:
    resource = next(resource for resource in system.resources if resource.name == name)
    stamp = Stamp(integration.barbershop_id, integration.id, operation.id)
    return Observer(resource, ShopContext(ZoneInfo(integration.timezone)), stamp, log)
