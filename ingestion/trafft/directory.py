"""Whom and what the version log knows of one shop by name, for records that come without ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from ingestion.trafft.matching import Candidate, Matcher

_PERSON = SQL("nullif(concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), ''), email, phone_number")
_THING = SQL("name, null, null")
# An API version always outranks what an imported file said of the same id.
_LATEST = SQL("""
    select external_id, {marks}
    from (
        select distinct on (versions.external_id) versions.*
        from {table} as versions
        inner join {loads} as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
        where versions.integration_id = %(integration_id)s and versions.origin in ('api', 'csv')
        order by
            versions.external_id, versions.origin = 'api' desc, versions.observed_at desc, versions._dlt_load_id desc
    ) as latest
    where op = 'seen'
    order by external_id
""")


@dataclass(frozen=True)
class Directory:
    """The shop's services, employees, customers and locations by name, email and phone."""

    services: Matcher
    employees: Matcher
    customers: Matcher
    locations: Matcher


def read_directory(connection: Connection, dataset: str, integration_id: str) -> Directory:
    """Read the latest versions that are not gone, over a connection that may be in autocommit mode.

    A customer takes about a kilobyte of memory.
    """

    def matcher(table: str, marks: SQL) -> Matcher:
        return Matcher(_candidates(connection, _query(dataset, table, marks), integration_id))

    return Directory(
        services=matcher("services", _THING),
        employees=matcher("employees", _PERSON),
        customers=matcher("customers", _PERSON),
        locations=matcher("locations", _THING),
    )


def _query(dataset: str, table: str, marks: SQL) -> Composed:
    return _LATEST.format(marks=marks, table=Identifier(dataset, table), loads=Identifier(dataset, "_dlt_loads"))


def _candidates(connection: Connection, query: Composed, integration_id: str) -> Iterator[Candidate]:
    for external_id, name, email, phone in connection.execute(query, {"integration_id": integration_id}):
        yield Candidate(external_id, name, email, phone)
