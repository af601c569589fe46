"""Compares the marts of a shop with the simulator's truth, and column for column with those of its undisturbed twin."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from cli.chaos.findings import Findings
from cli.chaos.raw_comparison import compare
from cli.chaos.shops import Connected
from cli.chaos.truth import EXTERNAL_COLUMNS, Rows, external_rows

MARTS = (*EXTERNAL_COLUMNS, "integration_analytics")
# Keys made from the integration's own id, and when it was looked at.
_OWN_KEYS = ("id", "integration_id", "barbershop_id")
_OWN_MOMENTS = ("created_at", "updated_at", "synced_at", "refreshed_at", "arrived_at", "as_of", "observed_at")
_EXTERNAL = SQL("select external_id, {columns} from analytics.{table} where integration_id = %s")
_ALL = SQL("select {columns} from analytics.{table} where integration_id = %s")
_COLUMNS = (
    "select column_name from information_schema.columns where table_schema = 'analytics' and table_name = %s"
    " order by ordinal_position"
)
# A booking that names a record which its own table does not show.
_ORPHANS = SQL("""
    select bookings.external_id, bookings.{column}
    from analytics.external_appointments as bookings
    where bookings.integration_id = %s
        and bookings.{column} is not null
        and not exists (
            select from analytics.{table} as referred
            where referred.integration_id = bookings.integration_id and referred.external_id = bookings.{column}
        )
""")
_REFERENCES = (
    ("client_id", "external_customers"),
    ("service_id", "external_services"),
    ("employee_id", "external_employees"),
)


def compare_marts(connection: Connection, members: Sequence[Connected]) -> Findings:
    """Return how the marts of disturbed shops differ from the truth as it is now, and from their twins."""
    findings = Findings()
    columns = {table: _comparable(connection, table) for table in MARTS}
    for member in members:
        for table, truth in external_rows(member.shop).items():
            _against_truth(connection, findings, table, member.integration_id, truth)
        for column, table in _REFERENCES:
            query = _ORPHANS.format(column=Identifier(column), table=Identifier(table))
            orphans = connection.execute(query, (member.integration_id,)).fetchall()
            findings.note("orphans", orphans, "external_appointments")
        _against_twin(connection, findings, member, columns)
    return findings


def _against_truth(connection: Connection, findings: Findings, table: str, integration_id: str, truth: Rows) -> None:
    names = SQL(", ").join(map(Identifier, EXTERNAL_COLUMNS[table]))
    rows = connection.execute(_EXTERNAL.format(columns=names, table=Identifier(table)), (integration_id,)).fetchall()
    seen = Counter(external_id for external_id, *_ in rows)
    findings.note("doubled", [key for key, times in seen.items() if times > 1], table)
    compare(findings, truth, {external_id: tuple(values) for external_id, *values in rows}, table)


def _against_twin(
    connection: Connection, findings: Findings, member: Connected, columns: Mapping[str, list[str]]
) -> None:
    for table, names in columns.items():
        query = _ALL.format(columns=SQL(", ").join(map(Identifier, names)), table=Identifier(table))
        ours, theirs = (
            Counter(str(row) for row in connection.execute(query, (key,)).fetchall())
            for key in (member.integration_id, member.twin_id)
        )
        findings.note("unlike_twin", [*(ours - theirs), *(f"twin: {row}" for row in theirs - ours)], table)


def _comparable(connection: Connection, table: str) -> list[Any]:
    names = [name for (name,) in connection.execute(_COLUMNS, (table,)).fetchall()]
    return [name for name in names if name not in _OWN_KEYS and not name.endswith(_OWN_MOMENTS)]
