"""`sixfb migrate` and what is required before a command may use a database."""

import pytest

from cli.migration import NotMigrated, is_current, make_ready, migrate_ours, require_current
from ingestion.control.database import connect
from pipelines.pools import LIMITS
from tests.cli.conftest import Sixfb

pytestmark = pytest.mark.sql

SCHEMAS = "select nspname from pg_namespace where nspname in ('control', 'raw_trafft', 'dagster') order by 1"


@pytest.mark.slow
def test_an_empty_database_gets_everything_and_a_second_time_nothing(sixfb: Sixfb, empty_database_url: str) -> None:
    for _ in range(2):
        result = sixfb("migrate", DATABASE_URL=empty_database_url)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "The database is up to date.\n"
    with connect(empty_database_url) as connection:
        assert connection.execute(SCHEMAS).fetchall() == [("control",), ("dagster",), ("raw_trafft",)]
        stamp = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'dagster'"
        made_by = connection.execute(stamp).fetchone()
        assert made_by is not None
        assert made_by[0].startswith("dagster 1.")
        assert connection.execute("select count(*) from dagster.runs").fetchone() == (0,)
        # Made here, because of two runs that make a pool at once one fails.
        pools = connection.execute('select concurrency_key, "limit" from dagster.concurrency_limits').fetchall()
        assert dict(pools) == LIMITS
    log = sixfb.home.log("dagster-migrate")
    assert log.exists(), "Dagster's storage was made by a process of its own"


def test_a_database_is_current_only_when_every_part_is(empty_database_url: str) -> None:
    assert not is_current(empty_database_url)
    migrate_ours(empty_database_url)
    assert is_current(empty_database_url)
    with connect(empty_database_url) as connection:
        connection.execute("update control.schema_version set version_num = '0000'")
    assert not is_current(empty_database_url)


def test_the_embedded_database_is_brought_up_to_date_in_passing_and_another_is_not(empty_database_url: str) -> None:
    with pytest.raises(NotMigrated, match="Run `sixfb migrate` first"):
        make_ready(empty_database_url, embedded=False)
    make_ready(empty_database_url, embedded=True)
    require_current(empty_database_url)
    make_ready(empty_database_url, embedded=False)
