"""Bringing the whole database to this version: control record, raw tables, Dagster's own storage."""

import sys
from collections.abc import Mapping
from importlib.metadata import version

import psycopg
from alembic.script import ScriptDirectory
from psycopg.sql import SQL, Identifier, Literal

from cli.environment import DAGSTER_SCHEMA
from cli.errors import CommandError
from cli.supervisor import Supervisor
from ingestion.control.database import connect
from ingestion.control.migrations import SCRIPTS, migrate

_LAST_MADE = ("control.schema_version", "raw_trafft.quarantine")
_MIGRATE_STORAGE = (
    "from dagster import DagsterInstance; from pipelines.pools import prepare_storage; "
    "prepare_storage(DagsterInstance.get())"
)
_CLOSE_DEAD_RUNS = (
    "from dagster import DagsterInstance; from pipelines.processes import close_dead_runs; "
    "close_dead_runs(DagsterInstance.get())"
)
_UNFINISHED = "select from dagster.runs where status in ('STARTING', 'STARTED', 'CANCELING') limit 1"


class NotMigrated(CommandError):
    """The database is not at this version."""


def make_ready(url: str, *, embedded: bool) -> None:
    """Bring the embedded database up to date; of another, which others may use, only require that it is.

    Raises `NotMigrated`.
    """
    if not embedded:
        require_current(url)
    elif not is_current(url):
        migrate_ours(url)


def require_current(url: str) -> None:
    """Raise `NotMigrated` unless the control record and the raw tables are at this version."""
    if not is_current(url):
        raise NotMigrated("The database is not at this version. Run `sixfb migrate` first.")


def is_current(url: str) -> bool:
    """Tell whether the control record and the raw tables are at this version."""
    with connect(url) as connection:
        if not all(_exists(connection, relation) for relation in _LAST_MADE):
            return False
        row = connection.execute("select version_num from control.schema_version").fetchone()
    return row is not None and row[0] == ScriptDirectory(str(SCRIPTS)).get_current_head()


def migrate_ours(url: str) -> None:
    """Create or update what belongs to us: the schema `control`, the raw tables, an empty schema for Dagster."""
    from ingestion.loading import ensure_raw_tables  # dlt: half a second

    migrate(url)
    ensure_raw_tables(url)
    with connect(url, autocommit=True) as connection:
        connection.execute(SQL("create schema if not exists {}").format(Identifier(DAGSTER_SCHEMA)))


def migrate_dagster(supervisor: Supervisor, url: str, environment: Mapping[str, str]) -> None:
    """Let Dagster make its storage and our pools, or update them, in a process of its own; mostly that is one query."""
    installed = f"dagster {version('dagster')}"
    with connect(url, autocommit=True) as connection:
        if _migrated_by(connection) == installed:
            return
        _run(supervisor, "dagster-migrate", _MIGRATE_STORAGE, environment)
        # Written last: a migration that was cut off is done again.
        comment = SQL("comment on schema {} is {}").format(Identifier(DAGSTER_SCHEMA), Literal(installed))
        connection.execute(comment)


def close_dead_runs(supervisor: Supervisor, url: str, environment: Mapping[str, str]) -> None:
    """Fail the runs whose process died with an earlier installation: Dagster would count them as running for ever.

    For the one installation that is about to start Dagster's daemon on this database, and for nobody else.
    """
    with connect(url, autocommit=True) as connection:
        row = connection.execute(_UNFINISHED).fetchone()
    if row is not None:
        _run(supervisor, "dagster-close-dead-runs", _CLOSE_DEAD_RUNS, environment)


def _run(supervisor: Supervisor, name: str, code: str, environment: Mapping[str, str]) -> None:
    child = supervisor.start(name, [sys.executable, "-P", "-c", code], environment=environment, lasting=False)
    supervisor.wait_done(child, seconds=120)


def _migrated_by(connection: psycopg.Connection) -> str | None:
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (DAGSTER_SCHEMA,)
    ).fetchone()
    return None if row is None else row[0]


def _exists(connection: psycopg.Connection, relation: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", (relation,)).fetchone() == (True,)
