"""How many rows each model has after it was built."""

from collections.abc import Iterable, Iterator
from typing import Any

from dagster import AssetExecutionContext, AssetKey, Output
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from pipelines.defs.resources import Warehouse

_IS_TABLE = "select relkind = 'r' from pg_class where oid = to_regclass(%s)"


def with_row_counts(context: AssetExecutionContext, warehouse: Warehouse, events: Iterable[Any]) -> Iterator[Any]:
    """Yield dbt's events, those of tables with the number of their rows.

    dagster-dbt's own `fetch_row_counts` asks for the tables of the database that the manifest was made for.
    """
    with warehouse.connect() as connection:
        connection.autocommit = True
        for event in events:
            if not isinstance(event, Output):
                yield event
                continue
            count = _count(connection, context.asset_key_for_output(event.output_name))
            yield event if count is None else event.with_metadata({**event.metadata, "dagster/row_count": count})


def _count(connection: Connection, key: AssetKey) -> int | None:
    """Return the rows of a table; None for a view, whose rows are counted where they lie."""
    relation = Identifier(*key.path)
    kind = connection.execute(_IS_TABLE, [relation.as_string(connection)]).fetchone()
    if not kind or not kind[0]:
        return None
    row = connection.execute(SQL("select count(*) from {}").format(relation)).fetchone()
    return int(row[0]) if row else None
