"""Compares the version log and the control record of a shop with the simulator's truth, row for row."""

from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from cli.chaos.findings import Findings
from cli.chaos.shops import Connected
from cli.chaos.truth import RAW_COLUMNS, Rows, raw_rows, shown_bookings

_COMPLETED = SQL("select load_id from raw_trafft._dlt_loads where status = 0")
_LATEST = SQL("""
    select external_id, {columns}
    from (
        select distinct on (external_id) *
        from raw_trafft.{table}
        where integration_id = %s and origin = 'api' and _dlt_load_id in ({completed})
        order by external_id, observed_at desc, _dlt_load_id desc
    ) as latest
    where op = 'seen'
""")
_REPEATED = SQL("""
    select count(*) - count(distinct (external_id, row_hash, op, origin, observed_at, sync_id))
    from raw_trafft.{table} where integration_id = %s and _dlt_load_id in ({completed})
""")
# The same content twice in a row, from two syncs: the second did not know what the first had loaded.
_DOUBLED = SQL("""
    select external_id, sync_id
    from (
        select
            *,
            lag((row_hash, op)) over history is not distinct from (row_hash, op) as is_same,
            lag(sync_id) over history as before
        from (
            select distinct external_id, row_hash, op, observed_at, sync_id
            from raw_trafft.{table}
            where integration_id = %s and origin = 'api' and _dlt_load_id in ({completed})
        ) as versions
        window history as (partition by external_id order by observed_at, sync_id)
    ) as steps
    where is_same and before is not null and before <> sync_id
""")
_DOUBLED_QUARANTINE = SQL("""
    select row_hash from raw_trafft.quarantine
    where integration_id = %s and _dlt_load_id in ({completed})
    group by row_hash having count(distinct sync_id) > 1
""")
_UNFINISHED = SQL(
    "select count(*) from raw_trafft.{table} where integration_id = %s and _dlt_load_id not in ({completed})"
)
_OPEN = "select id, sync_type, started_at from control.sync_operations where integration_id = %s and status in ('pending', 'in_progress')"  # noqa: E501 -- one statement
# A miss is the memory of a record that is known; one of a record that is not would be taken for a deletion later.
_STRAY_MISSES = SQL("""
    select missed.external_id from control.sweep_misses as missed
    where missed.integration_id = %s and missed.resource = %s and not missed.external_id = any(%s)
""")


def compare_raw(connection: Connection, member: Connected) -> Findings:
    """Return how the disturbed integration's raw tables and control record differ from the truth."""
    findings = Findings()
    key = member.integration_id
    for table, truth in raw_rows(member.shop).items():
        shown = _latest(connection, table, key)
        compare(findings, truth, shown, f"raw_trafft.{table}")
        findings.repeated += _count(connection, _query(_REPEATED, table), key)
        findings.unfinished += _count(connection, _query(_UNFINISHED, table), key)
        findings.note("doubled", connection.execute(_query(_DOUBLED, table), (key,)).fetchall(), table)
        strays = connection.execute(_STRAY_MISSES, (key, table, list(shown))).fetchall()
        findings.note("orphans", strays, f"control.sweep_misses of {table}")
    doubled = connection.execute(_query(_DOUBLED_QUARANTINE, "quarantine"), (key,)).fetchall()
    findings.note("doubled", doubled, "quarantine")
    findings.note("open_operations", connection.execute(_OPEN, (key,)).fetchall(), "control.sync_operations")
    return findings


def compare(findings: Findings, truth: Rows, shown: Rows, place: str) -> None:
    """Count what is lost, undead and wrong in one table."""
    findings.note("lost", sorted(truth.keys() - shown.keys()), place)
    findings.note("undead", sorted(shown.keys() - truth.keys()), place)
    differing = [key for key in truth.keys() & shown.keys() if truth[key] != shown[key]]
    findings.note("wrong", [f"{key}: {truth[key]} is {shown[key]}" for key in sorted(differing)], place)


def _latest(connection: Connection, table: str, integration_id: str) -> Rows:
    rows = connection.execute(_query(_LATEST, table), (integration_id,))
    return {external_id: _readable(table, values) for external_id, *values in rows}


def _readable(table: str, values: list[Any]) -> tuple[Any, ...]:
    if table == "appointments":
        values[-1] = shown_bookings(values[-1])
    return tuple(values)


def _query(query: SQL, table: str) -> Composed:
    columns = SQL(", ").join(map(SQL, RAW_COLUMNS.get(table, ())))
    return query.format(table=Identifier(table), columns=columns, completed=_COMPLETED)


def _count(connection: Connection, query: Composed, integration_id: str) -> int:
    row = connection.execute(query, (integration_id,)).fetchone()
    return int(row[0]) if row else 0
