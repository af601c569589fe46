"""What a sweep found missing and nobody may believe until a person has said so: kept aside, decided once.

At most one row a list is open. Whatever of it any later reading shows leaves it again, so an open row always names
what has been missing ever since.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from ingestion.control.records import Integration, SyncOperation

Decision = Literal["accepted", "dismissed", "superseded"]


@dataclass(frozen=True)
class HeldDeletion:
    """`external_ids` are those of the `missing` that no reading has shown since; `known` is how many records were."""

    id: str
    sync_id: str
    integration_id: str
    barbershop_id: str
    resource: str
    external_ids: Sequence[str]
    missing: int
    known: int
    held_at: datetime
    decision: Decision | None
    decided_at: datetime | None


class UnknownDeletion(LookupError):
    """No deletion is kept aside under this id, or several begin with it, or it is decided."""

    def __init__(self, beginning: str, why: str) -> None:
        super().__init__(f"{beginning!r} {why}. `sixfb deletions list` shows those that wait for a decision.")


_COLUMNS = SQL(", ").join(Identifier(field.name) for field in fields(HeldDeletion))
_OPEN = SQL("select {} from control.held_deletions where decision is null order by held_at, id").format(_COLUMNS)
_ONE = SQL("select {} from control.held_deletions where id = %s and decision is null").format(_COLUMNS)


def hold(
    connection: Connection,
    integration: Integration,
    resource: str,
    external_ids: Sequence[str],
    *,
    known: int,
    operation: SyncOperation,
) -> None:
    """Keep these ids aside, in place of what was kept before of the same list."""
    with connection.transaction():
        supersede(connection, integration.id, resource)
        connection.execute(
            "insert into control.held_deletions"
            " (sync_id, integration_id, barbershop_id, resource, external_ids, missing, known)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (
                operation.id,
                integration.id,
                integration.barbershop_id,
                resource,
                list(external_ids),
                len(external_ids),
                known,
            ),
        )


def supersede(connection: Connection, integration_id: str, resource: str) -> None:
    """Close what is open of this list: a later complete sweep has judged the same records anew."""
    connection.execute(
        "update control.held_deletions set decision = 'superseded', decided_at = now()"
        " where integration_id = %s and resource = %s and decision is null",
        (integration_id, resource),
    )


def forget_seen(connection: Connection, integration_id: str, resource: str, seen_ids: Container[str]) -> None:
    """Take out of the open row what a reading has shown again; nothing left closes it."""
    with connection.transaction():
        rows = connection.execute(
            "select id, external_ids from control.held_deletions"
            " where integration_id = %s and resource = %s and decision is null for update",
            (integration_id, resource),
        ).fetchall()
        for key, external_ids in rows:
            still = [external_id for external_id in external_ids if external_id not in seen_ids]
            if len(still) < len(external_ids):
                connection.execute("update control.held_deletions set external_ids = %s where id = %s", (still, key))
            if not still:
                supersede(connection, integration_id, resource)


def open_deletions(connection: Connection, integration_id: str | None = None) -> list[HeldDeletion]:
    """Return what waits for a decision, oldest first; of one integration or of all."""
    with connection.cursor(row_factory=class_row(HeldDeletion)) as cursor:
        found = cursor.execute(_OPEN).fetchall()
    return [held for held in found if integration_id in (None, held.integration_id)]


def get_open(connection: Connection, key: str) -> HeldDeletion:
    """Return one that waits for a decision. Raises `UnknownDeletion`."""
    try:
        UUID(key)
    except ValueError:
        raise UnknownDeletion(key, "is no whole id of a deletion") from None
    with connection.cursor(row_factory=class_row(HeldDeletion)) as cursor:
        found = cursor.execute(_ONE, (key,)).fetchone()
    if found is None:
        raise UnknownDeletion(key, "does not wait for a decision (any more)")
    return found


def find_open(connection: Connection, beginning: str) -> HeldDeletion:
    """Return the one whose id is or begins with `beginning`. Raises `UnknownDeletion`."""
    found = [held for held in open_deletions(connection) if held.id.startswith(beginning.lower())]
    if len(found) != 1:
        raise UnknownDeletion(beginning, f"fits {len(found)} deletions that wait" if found else "fits none")
    return found[0]


def told_since(connection: Connection, held: HeldDeletion) -> set[str]:
    """Return the ids of appointments of which a webhook has told since they were put aside."""
    if held.resource != "appointments":
        return set()
    rows = connection.execute(
        "select told.external_id from control.webhook_appointments as told"
        " inner join control.webhook_events as event on event.id = told.event_id"
        " where told.integration_id = %s and event.last_received_at >= %s",
        (held.integration_id, held.held_at),
    )
    return {external_id for (external_id,) in rows}


def decide(connection: Connection, key: str, decision: Decision) -> None:
    """Close one; a row that was closed meanwhile stays as it is. Raises `UnknownDeletion`."""
    updated = connection.execute(
        "update control.held_deletions set decision = %s, decided_at = now() where id = %s and decision is null",
        (decision, key),
    )
    if updated.rowcount != 1:
        raise UnknownDeletion(key, "was decided meanwhile")
