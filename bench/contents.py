"""Compares what contenders wrote, by checksums over whole rows: counts alone would let a wrong load win."""

from dataclasses import dataclass

import orjson
from psycopg import Connection

from bench.account import Records
from bench.appointments import TIMEZONE
from bench.errors import ContentsDiffer
from ingestion.control.database import connect

LOG = "select * from raw_trafft.appointments"
COPY = "select * from copied"

_FACTS_OF_LOG = {
    "appointments": f"""
        select
            external_id, status, starts_at at time zone '{TIMEZONE}', ends_at at time zone '{TIMEZONE}',
            booked_at at time zone '{TIMEZONE}', note, service_id, service_name, location_id, location_name, employee_id
        from raw_trafft.appointments
    """,
    "bookings": """
        select external_id, booking.*
        from raw_trafft.appointments, json_to_recordset(bookings) as booking (
            booking_id text, status text, additional_persons int,
            customer_id text, customer_first_name text, customer_last_name text, customer_email text
        )
    """,
}
_FACTS_OF_PLAIN_DLT = {
    "appointments": """
        select
            appointments.id::text, status, start_date_time at time zone 'UTC', end_date_time at time zone 'UTC',
            created_at at time zone 'UTC', note, service__id::text, service__name, location__id::text, location__name,
            employees.id::text
        from plain.appointments
        left join plain.appointments__employees as employees
            on employees._dlt_parent_id = appointments._dlt_id and employees._dlt_list_idx = 0
    """,
    "bookings": """
        select
            appointments.id::text, bookings.id::text, bookings.status, bookings.additional_persons::int,
            bookings.customer__id::text, bookings.customer__first_name, bookings.customer__last_name,
            bookings.customer__email
        from plain.appointments__bookings as bookings
        inner join plain.appointments on appointments._dlt_id = bookings._dlt_parent_id
    """,
}


@dataclass(frozen=True)
class Contents:
    """What a query returns, whatever the order: how many rows, and the sum of the hashes of their text."""

    rows: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.rows} rows with checksum {self.checksum}"


def contents(connection: Connection, query: str) -> Contents:
    """Return the contents of a query, all columns of each row taken together."""
    found = connection.execute(
        f"select count(*), coalesce(sum(hashtextextended(row_of::text, 0)), 0) from ({query}) as row_of".encode()
    ).fetchone()
    assert found is not None  # noqa: S101 -- an aggregate without groups returns one row
    return Contents(rows=found[0], checksum=int(found[1]))


def require_same(url: str, what: str, first: str, second: str) -> None:
    """Raise `ContentsDiffer` unless both queries return the same rows, in whatever order."""
    with connect(url, autocommit=True) as connection:
        one, other = contents(connection, first), contents(connection, second)
    if one != other:
        raise ContentsDiffer(what, one, other)


def require_facts_of_plain_dlt(url: str) -> None:
    """Raise `ContentsDiffer` unless the version log and dlt's own tables say the same of every appointment."""
    for what, query in _FACTS_OF_LOG.items():
        require_same(
            url, f"The {what} in the version log and in the tables of plain dlt", query, _FACTS_OF_PLAIN_DLT[what]
        )


def require_records(url: str, records: Records) -> None:
    """Raise `ContentsDiffer` unless the log's payloads are these records, value for value."""
    expected = (orjson.loads(record) for record in records.between(0, len(records)))
    wanted = {str(record["id"]): record for record in expected}
    with connect(url, autocommit=True) as connection:
        rows = connection.execute("select external_id, payload::text from raw_trafft.appointments")
        for external_id, payload in rows:
            if orjson.loads(payload) != wanted.pop(external_id, None):
                raise ContentsDiffer(f"Appointment {external_id} in the log and in the list", payload, "another one")
    if wanted:
        raise ContentsDiffer("The log and the list", "fewer rows", f"{len(wanted)} appointments more")
