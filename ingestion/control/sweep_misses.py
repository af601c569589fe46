"""Remembers which records complete sweeps did not show, and since when; a later complete miss makes a tombstone."""

from collections.abc import Container, Sequence
from datetime import datetime

from psycopg import Connection

from ingestion.control.records import Integration, SyncOperation

# A webhook that came since the first miss speaks of a record that lives, or was touched a moment ago: either way the
# two misses do not stand in a row.
_FORGET_TOLD = """
    delete from control.sweep_misses as missed
    using
        control.webhook_appointments as told
        inner join control.webhook_events as event on event.id = told.event_id
    where
        missed.integration_id = %(integration_id)s
        and missed.resource = %(resource)s
        and %(resource)s = 'appointments'
        and told.integration_id = missed.integration_id
        and told.external_id = missed.external_id
        and event.last_received_at >= missed.first_missed_at
"""


def missed_since(connection: Connection, integration_id: str, resource: str) -> dict[str, datetime]:
    """Return the ids that complete sweeps of this resource missed, and when the first of these sweeps began.

    Ids that were seen since are not among them, nor are those of which a webhook told since: their misses are
    forgotten.
    """
    with connection.transaction():
        connection.execute(_FORGET_TOLD, {"integration_id": integration_id, "resource": resource})
        rows = connection.execute(
            "select external_id, first_missed_at from control.sweep_misses where integration_id = %s and resource = %s",
            (integration_id, resource),
        )
        return dict(rows.fetchall())


def replace(
    connection: Connection,
    integration: Integration,
    resource: str,
    external_ids: Sequence[str],
    *,
    operation: SyncOperation,
) -> None:
    """Make these ids the remembered ones; an id that was remembered already keeps its first sync and moment."""
    with connection.transaction():
        connection.execute(
            "delete from control.sweep_misses"
            " where integration_id = %s and resource = %s and not external_id = any(%s::text[])",
            (integration.id, resource, list(external_ids)),
        )
        connection.execute(
            "insert into control.sweep_misses"
            " (integration_id, barbershop_id, resource, external_id, first_missed_sync_id, first_missed_at)"
            " select %s, %s, %s, external_id, %s, coalesce(%s, now()) from unnest(%s::text[]) as missed (external_id)"
            " on conflict do nothing",
            (
                integration.id,
                integration.barbershop_id,
                resource,
                operation.id,
                operation.started_at,
                list(external_ids),
            ),
        )


def forget(connection: Connection, integration_id: str, resource: str, seen_ids: Container[str]) -> None:
    """Take back the misses of records that have been seen again."""
    seen_again = [
        external_id for external_id in missed_since(connection, integration_id, resource) if external_id in seen_ids
    ]
    drop(connection, integration_id, resource, seen_again)


def drop(connection: Connection, integration_id: str, resource: str, external_ids: Sequence[str]) -> None:
    """Remember the misses of these records no longer."""
    connection.execute(
        "delete from control.sweep_misses"
        " where integration_id = %s and resource = %s and external_id = any(%s::text[])",
        (integration_id, resource, list(external_ids)),
    )
