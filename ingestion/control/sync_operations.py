"""The history of syncs: a row is opened when one starts, shows its counts while it runs, and says how it ended.

Call with an autocommit connection, so that others see each step at once. A row is closed once: a writer that was
given up for dead cannot change it any more, and learns so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from ingestion.control.records import Integration, Outcome, SyncOperation

_COLUMNS = SQL(", ").join(Identifier(field.name) for field in fields(SyncOperation))
_START = SQL(
    "insert into control.sync_operations (integration_id, barbershop_id, sync_type, status, run_id, started_at)"
    " values (%s, %s, %s, 'in_progress', %s, clock_timestamp()) returning {}"
).format(_COLUMNS)
_HISTORY = SQL(
    "select {} from control.sync_operations where integration_id = %s order by created_at desc, id limit %s"
).format(_COLUMNS)


class SyncNotRunning(Exception):
    """The sync was closed already: somebody took its writer for dead, or it is finished twice."""

    def __init__(self, sync_id: str) -> None:
        super().__init__(
            f"Sync {sync_id} is not in progress any more: another process took over. Stop this one and start again."
        )


def start(connection: Connection, integration: Integration, sync_type: str, run_id: str | None = None) -> SyncOperation:
    """Open a row for a sync that begins now. `run_id` is the orchestrator's run, None from a shell."""
    with connection.cursor(row_factory=class_row(SyncOperation)) as cursor:
        return cursor.execute(_START, (integration.id, integration.barbershop_id, sync_type, run_id)).fetchall()[0]


def progress(connection: Connection, operation: SyncOperation, summary: Mapping[str, Any]) -> None:
    """Show the counts so far: one small update by key. Raises `SyncNotRunning`."""
    processed, failed = _totals(summary)
    updated = connection.execute(
        "update control.sync_operations"
        " set summary = %s, records_processed = %s, records_success = %s, records_failed = %s"
        " where id = %s and status = 'in_progress'",
        (Jsonb(summary), processed, processed - failed, failed, operation.id),
    )
    _require_one(updated.rowcount, operation)


def finish(
    connection: Connection,
    operation: SyncOperation,
    *,
    status: Outcome,
    summary: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Close the row. Without a summary the counts last shown stay. Raises `SyncNotRunning`."""
    with connection.transaction():
        if summary is not None:
            progress(connection, operation, summary)
        updated = connection.execute(
            "update control.sync_operations set status = %s, errors = %s, completed_at = clock_timestamp()"
            " where id = %s and status = 'in_progress'",
            (status, Jsonb(list(errors)), operation.id),
        )
        _require_one(updated.rowcount, operation)


def history(connection: Connection, integration_id: str, limit: int = 10) -> list[SyncOperation]:
    """Return the latest syncs of an integration, newest first."""
    with connection.cursor(row_factory=class_row(SyncOperation)) as cursor:
        return cursor.execute(_HISTORY, (integration_id, limit)).fetchall()


def last_complete_start(connection: Connection, integration_id: str, resource: str) -> datetime | None:
    """Return when the latest sync began that read all it set out to read of the resource (aware UTC), or None."""
    row = connection.execute(
        "select max(started_at) from control.sync_operations"
        " where integration_id = %s and status in ('success', 'partial')"
        " and (summary #>> array['resources', %s, 'complete'])::boolean",
        (integration_id, resource),
    ).fetchone()
    return row[0] if row else None


def close_abandoned(connection: Connection, integration_id: str) -> int:
    """Fail the syncs whose writer died, and return how many. Call only while holding the integration's lock.

    Whoever holds the lock is the only writer, so a row in progress has none.
    """
    error = {"error": "Abandoned", "message": "The process that ran this sync ended before it could say how it went."}
    closed = connection.execute(
        "update control.sync_operations"
        " set status = 'failed', errors = errors || %s, completed_at = clock_timestamp()"
        " where integration_id = %s and status = 'in_progress'",
        (Jsonb([error]), integration_id),
    )
    return closed.rowcount


def _totals(summary: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many records were read, and how many of them could not be understood."""
    resources = summary.get("resources", {}).values()
    return (
        sum(counts.get("seen", 0) for counts in resources),
        sum(counts.get("quarantined", 0) for counts in resources),
    )


def _require_one(rows: int, operation: SyncOperation) -> None:
    if rows != 1:
        raise SyncNotRunning(operation.id)
