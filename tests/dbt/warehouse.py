"""One database with raw rows, the dbt project over it, and what the marts then hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingestion.control.database import connect
from tests.dbt.project import Project
from tests.dbt.raw_log import RawLog
from tests.fixtures.postgres import create_database, database_named

MARTS = (
    "external_appointments",
    "external_customers",
    "external_services",
    "external_employees",
    "integration_analytics",
)
BOOKKEEPING = frozenset(
    {
        "as_of",
        "bookings_refreshed_at",
        "client_refreshed_at",
        "customer_arrived_at",
        "employee_arrived_at",
        "service_arrived_at",
    }
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Warehouse:
    """An open database; `log` writes raw rows into it, `project` builds the marts."""

    connection: Connection
    project: Project
    log: RawLog

    def rows(self, query: str) -> Rows:
        """Return what a query gives, a dict a row."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query).fetchall()

    def mart(self, name: str) -> Rows:
        """Return a mart's rows in the order of its keys, without the columns that only keep the books."""
        rows = self.rows(f"select * from analytics.{name} order by id")
        return [{column: value for column, value in row.items() if column not in BOOKKEEPING} for row in rows]

    def contents(self) -> dict[str, Rows]:
        """Return all marts."""
        return {name: self.mart(name) for name in MARTS}


@contextmanager
def open_warehouse(postgres_url: str, template: str, project: Project) -> Iterator[Warehouse]:
    """Copy the template into the database that the project was parsed for; it is dropped at the end."""
    name = project.database
    create_database(postgres_url, name, template)
    try:
        with connect(database_named(postgres_url, name), autocommit=True) as connection:
            yield Warehouse(connection, project, RawLog(connection))
    finally:
        with connect(postgres_url, autocommit=True) as connection:
            connection.execute(f'drop database "{name}" with (force)')
