"""What has landed in the version log and is not in the marts yet."""

from datetime import datetime

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ingestion.systems import SYSTEMS

TRANSFORMED = "intermediate.int_loads__arrived"
"""dbt's own note of the loads that it has taken in; missing until the first build."""

_WAITING = SQL("select max(load_id), min(inserted_at) from {loads} as loads where status = 0{unseen}")
_UNSEEN = SQL(" and not exists (select from {seen} as seen where seen.load_id = loads.load_id)")


def newest_waiting_load(connection: Connection) -> str | None:
    """Return the id of the newest completed load that no dbt build has taken in, or None when all are in the marts."""
    return max((load_id for load_id, _ in _waiting(connection)), default=None)


def waiting_since(connection: Connection) -> datetime | None:
    """Return when the oldest of these loads was completed (aware UTC), or None when all are in the marts."""
    return min((completed_at for _, completed_at in _waiting(connection)), default=None)


def _waiting(connection: Connection) -> list[tuple[str, datetime]]:
    """Return of each system that has loads waiting the newest load's id and the oldest one's moment."""
    row = connection.execute("select to_regclass(%s) is not null", (TRANSFORMED,)).fetchone()
    unseen = _UNSEEN.format(seen=Identifier(*TRANSFORMED.split("."))) if row and row[0] else SQL("")
    queries = [_WAITING.format(loads=Identifier(f"raw_{name}", "_dlt_loads"), unseen=unseen) for name in SYSTEMS]
    found = [connection.execute(query).fetchone() for query in queries]
    return [(load_id, completed_at) for load_id, completed_at in filter(None, found) if load_id]
