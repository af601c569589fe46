"""The demo killed in mid-sync and started again ends in the same tables as one that was never killed."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from cli.processes import marked
from tests.cli.demos import DemoHome
from tests.cli.processes_of import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

# A moment so long ago that every booking of it is over, whenever the marts are built.
ARGUMENTS = ["--seed", "13", "--as-of", "2026-05-04T12:00:00+00:00"]
RAW = ("appointments", "customers", "services", "employees", "locations")
MARTS = (
    "external_appointments",
    "external_customers",
    "external_services",
    "external_employees",
    "integration_analytics",
)
# What differs between two homes that saw the same: keys made from a home's own ids, and when it looked.
OWN_KEYS = ("id", "integration_id", "barbershop_id")
OWN_MOMENTS = ("created_at", "updated_at", "synced_at", "refreshed_at", "arrived_at", "as_of")


@pytest.fixture
def homes() -> Iterator[tuple[DemoHome, DemoHome]]:
    with (
        tempfile.TemporaryDirectory(prefix="sixfb-calm-", ignore_cleanup_errors=True) as calm,
        tempfile.TemporaryDirectory(prefix="sixfb-killed-", ignore_cleanup_errors=True) as killed,
    ):
        yield DemoHome(Path(calm)), DemoHome(Path(killed))


def test_a_killed_demo_ends_in_the_same_tables(homes: tuple[DemoHome, DemoHome]) -> None:
    calm, killed = homes
    calm.once(*ARGUMENTS)
    # With one shop loaded the other is being read; with both loaded the checks and dbt are at work.
    for loaded in (1, 2):
        _kill_with(loaded, killed)
    killed.once(*ARGUMENTS)
    with calm.database() as undisturbed, killed.database() as restarted:
        for table in RAW:
            assert _raw(restarted, table) == _raw(undisturbed, table), table
        for table in MARTS:
            assert _mart(restarted, table) == _mart(undisturbed, table), table


def _kill_with(loaded: int, home: DemoHome) -> None:
    """Run the demo until so many shops are loaded, kill it, and see that everything it started is gone."""
    with home.start("--once", "--json", *ARGUMENTS) as process:
        assert process.stderr is not None
        said: list[str] = []
        while sum("records read" in line for line in said) < loaded:
            said.append(process.stderr.readline())
            assert said[-1], f"the demo ended before it could be killed:\n{''.join(said)}\n{home.complaints()}"
        [record] = (home.root / "supervisors").iterdir()
        process.kill()
        process.wait()
    assert eventually(lambda: marked(record.stem) == [], seconds=30)
    assert eventually(lambda: not record.exists(), seconds=30)


def _raw(connection: Connection, table: str) -> list[tuple[object, ...]]:
    """Return the versions that count: a killed load may leave rows that do not, and a repeated one duplicates."""
    query = SQL("""
        select distinct shops.name, versions.external_id, versions.row_hash, versions.op, versions.origin
        from raw_trafft.{} as versions
        inner join raw_trafft._dlt_loads as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
        inner join control.integrations as shops on shops.id::text = versions.integration_id
        order by 1, 2, 3, 4, 5
    """)
    return connection.execute(query.format(Identifier(table))).fetchall()


def _mart(connection: Connection, table: str) -> list[str]:
    columns = connection.execute(
        "select column_name from information_schema.columns where table_schema = 'analytics' and table_name = %s"
        " order by ordinal_position",
        (table,),
    ).fetchall()
    shared = [name for (name,) in columns if name not in OWN_KEYS and not name.endswith(OWN_MOMENTS)]
    query = SQL("""
        select shops.name, {} from analytics.{} as mart
        inner join control.integrations as shops on shops.id = mart.integration_id
    """)
    rows = connection.execute(
        query.format(SQL(", ").join(Identifier("mart", name) for name in shared), Identifier(table))
    ).fetchall()
    return sorted(map(str, rows))
