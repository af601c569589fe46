"""Which rows of a raw table a check looks at: those of the loads that completed since the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal

CLOCK_DIFFERENCE = timedelta(minutes=5)
"""Loads are stamped by the clock of the process that loaded, so the window reaches back a little: rows checked twice
cost little, rows never checked are the reason for checking."""


@dataclass(frozen=True)
class Window:
    """Completed loads of one dataset; `until` is when the latest of them completed."""

    dataset: str
    load_ids: Sequence[str]
    until: datetime | None

    def relation(self, connection: Connection, table: str) -> str:
        """Return the SQL after `from` that yields the window's rows of a table."""
        loads = Literal(list(self.load_ids))
        query = SQL("{} where _dlt_load_id = any({})").format(Identifier(self.dataset, table), loads)
        return query.as_string(connection)

    def count(self, connection: Connection, table: str) -> int:
        """Return how many rows of a table the window holds."""
        query = SQL("select count(*) from {} where _dlt_load_id = any(%s)").format(Identifier(self.dataset, table))
        row = connection.execute(query, [list(self.load_ids)]).fetchone()
        return int(row[0]) if row else 0


def loads_since(connection: Connection, dataset: str, moment: datetime | None) -> Window:
    """Return the window of the loads that completed after `moment` (aware UTC), or of all when it is None."""
    query = SQL("""
        select load_id, inserted_at
        from {}
        where status = 0 and (%(after)s::timestamptz is null or inserted_at > %(after)s)
        order by inserted_at
    """).format(Identifier(dataset, "_dlt_loads"))
    rows = connection.execute(query, {"after": moment and moment - CLOCK_DIFFERENCE}).fetchall()
    return Window(dataset, [load_id for load_id, _ in rows], rows[-1][1] if rows else moment)
