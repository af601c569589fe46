"""Rows in the raw tables and in the mart, as good as real ones until a test spoils one column."""

from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Placeholder

SHOP = str(UUID(int=1))
INTEGRATION = str(UUID(int=2))

VERSION: dict[str, Any] = {
    "barbershop_id": SHOP,
    "integration_id": INTEGRATION,
    "row_hash": "0" * 64,
    "op": "seen",
    "origin": "api",
    "observed_at": "2026-03-02T12:00:00Z",
    "sync_id": "sync-1",
    "payload": '{"id": 1}',
}
TABLES: dict[str, dict[str, Any]] = {
    "appointments": {
        "status": "approved",
        "starts_at": "2026-03-02T15:00:00Z",
        "ends_at": "2026-03-02T15:30:00Z",
    },
    "customers": {"first_name": "Noah", "email": "noah@example.com"},
    "services": {"name": "Skin fade", "price": 35, "duration_minutes": 30},
    "employees": {"first_name": "Kei"},
    "locations": {"name": "High Street"},
}
QUARANTINED: dict[str, Any] = {
    "barbershop_id": SHOP,
    "integration_id": INTEGRATION,
    "resource": "appointments",
    "external_id": "9",
    "reason": "start_date_time: missing",
    "row_hash": "0" * 64,
    "payload": "{}",
    "observed_at": "2026-03-02T12:00:00Z",
    "sync_id": "sync-1",
}

PERIOD: dict[str, Any] = {
    "integration_id": INTEGRATION,
    "period_type": "daily",
    "date": "2026-03-02",
    "external_appointments": 4,
    "external_completed": 2,
    "external_cancelled": 1,
    "external_no_shows": 1,
    "external_visits": 2,
    "external_revenue": 70,
    "external_avg_ticket": 35,
    "external_unpriced": 0,
    "external_new_clients": 1,
    "external_returning_clients": 1,
}


def land(connection: Connection, table: str, external_id: str | None, *, load: str = "1", **spoilt: Any) -> None:
    """Insert one row of a raw table, in a load of its own name."""
    good = QUARANTINED if table == "quarantine" else VERSION | TABLES[table]
    insert(connection, "raw_trafft", table, {**good, "external_id": external_id, "_dlt_load_id": load, **spoilt})


def complete(connection: Connection, load: str = "1", *, at: str = "2026-03-02T12:01:00Z", status: int = 0) -> None:
    """Mark a load as dlt does when its last row is in."""
    row = {"load_id": load, "schema_name": "trafft", "status": status, "inserted_at": at, "schema_version_hash": "x"}
    insert(connection, "raw_trafft", "_dlt_loads", row)


def create_figures(connection: Connection) -> None:
    """Make the mart's table with the columns that its suite reads."""
    connection.execute("create schema analytics")
    numbers = ", ".join(f"{name} numeric" for name in PERIOD if name.startswith("external_"))
    connection.execute(
        "create table analytics.integration_analytics"
        f" (integration_id uuid, period_type text, date date, timezone text, {numbers})"
    )


def add_period(connection: Connection, **spoilt: Any) -> None:
    """Insert one day of figures."""
    insert(connection, "analytics", "integration_analytics", {**PERIOD, **spoilt})


def insert(connection: Connection, schema: str, table: str, row: dict[str, Any]) -> None:
    """Insert one row."""
    query = SQL("insert into {} ({}) values ({})").format(
        Identifier(schema, table), SQL(", ").join(map(Identifier, row)), SQL(", ").join(map(Placeholder, row))
    )
    connection.execute(query, row)
