"""What has landed in the version log and is not in the marts yet."""

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ingestion.systems import SYSTEMS

TRANSFORMED = "intermediate.int_loads__arrived"
"""dbt's own note of the loads that it has taken in; missing until the first build."""

_NEWEST = SQL("select max(load_id) from {loads} as loads where status = 0{unseen}")
_UNSEEN = SQL(" and not exists (select from {seen} as seen where seen.load_id = loads.load_id)")


def newest_waiting_load(connection: Connection) -> str | None:
    """Return the id of the newest completed load that no dbt build has taken in, or None when all are in the marts."""
    row = connection.execute("select to_regclass(%s) is not null", (TRANSFORMED,)).fetchone()
    unseen = _UNSEEN.format(seen=Identifier(*TRANSFORMED.split("."))) if row and row[0] else SQL("")
    newest = []
    for system in SYSTEMS.values():
        loads = Identifier(f"raw_{system.name}", "_dlt_loads")
        found = connection.execute(_NEWEST.format(loads=loads, unseen=unseen)).fetchone()
        if found and found[0]:
            newest.append(found[0])
    return max(newest, default=None)
