"""Migrations: repeatable, safe from several processes at once, and plain about what stops them."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import psycopg
import pytest

from ingestion.control import database, migrations
from ingestion.control.database import UnsupportedServer, connect
from ingestion.control.migrations import MigrationFailed, migrate

pytestmark = pytest.mark.sql

TABLES = {
    "barbershops",
    "circuits",
    "held_deletions",
    "integrations",
    "schema_version",
    "sweep_misses",
    "sync_certificates",
    "sync_operations",
    "webhook_appointments",
    "webhook_events",
}


def tables(url: str) -> set[str]:
    """Return the names of the tables of the schema control."""
    with connect(url) as connection:
        rows = connection.execute(
            "select table_name from information_schema.tables"
            " where table_schema = 'control' and table_type = 'BASE TABLE'"
        )
        return {name for (name,) in rows}


def test_an_empty_database_gets_the_control_tables(empty_database_url: str) -> None:
    migrate(empty_database_url)
    assert tables(empty_database_url) == TABLES


def test_migrating_again_changes_nothing(database_url: str) -> None:
    with connect(database_url) as connection:
        before = connection.execute("select oid, xmin::text from pg_class where relname = 'integrations'").fetchall()
    migrate(database_url)
    with connect(database_url) as connection:
        after = connection.execute("select oid, xmin::text from pg_class where relname = 'integrations'").fetchall()
    assert after == before


@pytest.mark.slow
def test_processes_that_migrate_at_once_all_succeed(empty_database_url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(migrate, [empty_database_url] * 4))
    assert tables(empty_database_url) == TABLES


def test_a_failed_migration_leaves_nothing_behind(empty_database_url: str) -> None:
    with connect(empty_database_url) as connection:  # the last table of the first version stands in the way
        connection.execute("create schema control create table sweep_misses (id int)")
    with pytest.raises(Exception, match="sweep_misses"):
        migrate(empty_database_url)
    assert tables(empty_database_url) == {"sweep_misses"}


def test_a_server_that_is_too_old_is_refused(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST_SUPPORTED", 990_000)
    with pytest.raises(UnsupportedServer, match=r"15\.14 or newer"):
        migrate(empty_database_url)
    assert tables(empty_database_url) == set()


def test_a_database_of_a_newer_release_is_refused(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("update control.schema_version set version_num = '9999'")
    with pytest.raises(MigrationFailed, match=r"another release.*9999"):
        migrate(database_url)


def test_a_migration_that_others_hold_up_is_given_up(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_WAIT_FOR_OTHERS", "50ms")
    with connect(empty_database_url) as other:
        other.execute("select pg_advisory_lock(hashtextextended('sixfb.migrations', 0))")
        with pytest.raises(MigrationFailed, match="Another process"):
            migrate(empty_database_url)


def test_a_table_in_use_holds_no_reader_up_for_long(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_WAIT_FOR_TABLES", "50ms")
    with connect(database_url) as other:
        other.execute("lock table control.schema_version in access exclusive mode")
        with pytest.raises((MigrationFailed, psycopg.OperationalError), match="in use"):
            migrate(database_url)
