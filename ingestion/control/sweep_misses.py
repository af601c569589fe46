"""Remembers which records the last complete sweep did not show; a second complete miss makes a tombstone."""

from collections.abc import Container, Sequence

from psycopg import Connection

from ingestion.control.records import Integration


def missed_before(connection: Connection, integration_id: str, resource: str) -> set[str]:
    """Return the ids that the last complete sweep of this resource missed and that were not seen since."""
    rows = connection.execute(
        "select external_id from control.sweep_misses where integration_id = %s and resource = %s",
        (integration_id, resource),
    )
    return {external_id for (external_id,) in rows}


def replace(
    connection: Connection, integration: Integration, resource: str, external_ids: Sequence[str], *, sync_id: str
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
            " select %s, %s, %s, external_id, %s, now() from unnest(%s::text[]) as missed (external_id)"
            " on conflict do nothing",
            (integration.id, integration.barbershop_id, resource, sync_id, list(external_ids)),
        )


def forget(connection: Connection, integration_id: str, resource: str, seen_ids: Container[str]) -> None:
    """Take back the misses of records that have been seen again."""
    seen_again = [
        external_id for external_id in missed_before(connection, integration_id, resource) if external_id in seen_ids
    ]
    connection.execute(
        "delete from control.sweep_misses"
        " where integration_id = %s and resource = %s and external_id = any(%s::text[])",
        (integration_id, resource, seen_again),
    )
