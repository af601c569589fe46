"""Bringing the schema `control` up to date: forward only, safe to repeat, safe from several processes at once."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from ingestion.control.database import DatabaseError, connect, require_supported

SCRIPTS = Path(__file__).parent / "revisions"

_QUEUE = "sixfb.migrations"
_WAIT_FOR_OTHERS = "5min"
"""Another process that migrates needs seconds; one that needs longer has hung, and waiting on would hide it."""
_WAIT_FOR_TABLES = "10s"
"""While we queue for a table, its readers queue behind us: give up before they time out."""


class MigrationFailed(DatabaseError):
    """The schema could not be brought up to date; nothing was changed."""


def migrate(url: str) -> None:
    """Create or update the schema `control`. Does nothing when it is up to date.

    Raises `UnsupportedServer`, and `MigrationFailed` when a lock cannot be had or the database is ahead of us.
    """
    # A session-level lock on a session of its own outlasts whatever transactions a migration makes.
    with connect(url, autocommit=True) as queue:
        require_supported(queue)
        _wait_in(queue)
        queue.execute("create schema if not exists control")
        _upgrade(url)


def _wait_in(queue: psycopg.Connection) -> None:
    queue.execute(f"set lock_timeout = '{_WAIT_FOR_OTHERS}'")
    try:
        queue.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (_QUEUE,))
    except psycopg.errors.LockNotAvailable:
        raise MigrationFailed(
            f"Another process has been migrating this database for {_WAIT_FOR_OTHERS}. "
            "Find it in pg_stat_activity (application_name sixfb), end it, and migrate again."
        ) from None


def _upgrade(url: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"set local lock_timeout = '{_WAIT_FOR_TABLES}'")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise MigrationFailed(
                f"A table of the schema control was in use for {_WAIT_FOR_TABLES}. "
                "Nothing was changed: migrate again when the running syncs have ended."
            ) from error
        raise
    except CommandError as error:
        raise MigrationFailed(
            f"The schema control was migrated by another release than this one ({error}). "
            "Nothing was changed: run that release, or a newer one."
        ) from error
    finally:
        engine.dispose()
