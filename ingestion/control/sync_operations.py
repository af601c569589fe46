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
    "insert into control.sync_operations"
    " (integration_id, barbershop_id, sync_type, date_from, date_to, status, run_id, started_at)"
    " values (%s, %s, %s, %s, %s, 'in_progress', %s, clock_timestamp()) returning {}"
).format(_COLUMNS)
_READING_SECONDS = """
    select wanted.id, latest.seconds
    from unnest(%(ids)s::uuid[]) as wanted (id)
    cross join lateral (
        select (summary #>> '{phases,extract}')::float8 as seconds
        from control.sync_operations
        where integration_id = wanted.id and sync_type = %(sync_type)s and status in ('success', 'partial')
        order by created_at desc
        limit 1
    ) as latest
"""
_HISTORY = SQL(
    "select {} from control.sync_operations where integration_id = %s order by created_at desc, id limit %s"
).format(_COLUMNS)

_UP_TO_DATE = ("full", "incremental", "appointments", "customers")
"""Syncs that read all that is new. A back-fill's span and a webhook's records say nothing about what lies beside them:
counted here, they would move the moment from which the next incremental sync reads."""


class SyncNotRunning(Exception):
    """The sync was closed already: somebody took its writer for dead, or it is finished twice."""

    def __init__(self, sync_id: str) -> None:
        super().__init__(
            f"Sync {sync_id} is not in progress any more: another process took over. Stop this one and start again."
        )


def start(
    connection: Connection,
    integration: Integration,
    sync_type: str,
    run_id: str | None = None,
    *,
    window: tuple[datetime, datetime] | None = None,
) -> SyncOperation:
    """Open a row for a sync that begins now.

    `run_id` is the orchestrator's run, None from a shell; `window` (aware) is what a back-fill reads.
    """
    with connection.cursor(row_factory=class_row(SyncOperation)) as cursor:
        values = (integration.id, integration.barbershop_id, sync_type, *(window or (None, None)), run_id)
        return cursor.execute(_START, values).fetchall()[0]


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
    """Return when the latest sync began after which nothing older is unread in the resource (aware UTC), or None."""
    row = connection.execute(
        "select max(started_at) from control.sync_operations"
        " where integration_id = %s and status in ('success', 'partial') and sync_type = any(%s)"
        " and (summary #>> array['resources', %s, 'complete'])::boolean",
        (integration_id, list(_UP_TO_DATE), resource),
    ).fetchone()
    return row[0] if row else None


def reading_seconds(connection: Connection, integration_ids: Sequence[str], sync_type: str) -> dict[str, float]:
    """Return how long reading each integration took in its last sync of this type, where it had one."""
    rows = connection.execute(_READING_SECONDS, {"ids": list(integration_ids), "sync_type": sync_type})
    return {integration_id: seconds for integration_id, seconds in rows if seconds is not None}


def close_abandoned(connection: Connection, integration_id: str) -> int:
    """Fail the syncs whose writer died, and return how many. Call only while holding the integration's lock.

    Whoever holds the lock is the only writer, so a row in progress has none.
    """
    error = {
        "error": "Abandoned",
        "message": "The process that ran this sync ended before it could say how it went.",
        "advice": "Nothing to do: what it had loaded stays, and the next sync carries on from there.",
    }
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
