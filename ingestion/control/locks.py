"""One writer per integration, whoever started it: an advisory lock that the database drops with its holder."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from ingestion.control.database import connect

_TRY = "select pg_try_advisory_lock(hashtextextended('sixfb.integration:' || %s, 0))"
_RELEASE = "select pg_advisory_unlock(hashtextextended('sixfb.integration:' || %s, 0))"
# pg_locks shows the two halves of the 64-bit key.
_WHO = """
    select activity.pid, to_char(activity.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
    from pg_locks as held
    cross join (select hashtextextended('sixfb.integration:' || %s, 0) as key) as wanted
    inner join pg_stat_activity as activity on activity.pid = held.pid
    where
        held.locktype = 'advisory'
        and held.granted
        and held.objsubid = 1
        and held.database = (select oid from pg_database where datname = current_database())
        and held.classid::bigint = (wanted.key >> 32) & 4294967295
        and held.objid::bigint = wanted.key & 4294967295
"""
_SESSION = (
    # A writer's session idles for the length of a sync; the server must neither end it for that nor, when the
    # writer's machine vanishes without a word, keep its lock for the two hours that TCP would.
    "set idle_session_timeout = 0",
    "set tcp_keepalives_idle = 30",
    "set tcp_keepalives_interval = 10",
    "set tcp_keepalives_count = 3",
)


class AlreadyRunning(Exception):
    """Another process writes for this integration."""

    def __init__(self, integration_id: str, holder: str) -> None:
        self.integration_id = integration_id
        super().__init__(
            f"Integration {integration_id} is being synced by {holder}. Wait until that has ended, or stop it."
        )


class LockLost(Exception):
    """The session that held the lock is gone, so another writer may have begun."""

    def __init__(self, integration_id: str) -> None:
        super().__init__(
            f"The database session that kept other writers off integration {integration_id} has ended "
            "(a restart, or a lost connection). Nothing more is written; start the sync again."
        )


@dataclass(frozen=True)
class IntegrationLock:
    """The lock in our hands."""

    integration_id: str
    _session: psycopg.Connection

    def confirm(self) -> None:
        """Raise `LockLost` unless the lock is still ours: it lives exactly as long as its session."""
        try:
            self._session.execute("select 1")
        except psycopg.OperationalError as error:
            raise LockLost(self.integration_id) from error


@contextmanager
def integration_lock(url: str, integration_id: str) -> Iterator[IntegrationLock]:
    """Be the only writer for the integration. Raises `AlreadyRunning` at once when there is another.

    Holds a session of its own; it must reach PostgreSQL itself or a pooler in session mode.
    """
    with connect(url, autocommit=True) as session:
        for statement in _SESSION:
            session.execute(statement)
        row = session.execute(_TRY, (integration_id,)).fetchone()
        if row is None or not row[0]:
            raise AlreadyRunning(integration_id, _holder(session, integration_id))
        try:
            yield IntegrationLock(integration_id, session)
        finally:
            # Closing the session is not enough: the server ends it, and drops its locks, some time after we went on.
            with suppress(psycopg.OperationalError):
                session.execute(_RELEASE, (integration_id,))


def _holder(session: psycopg.Connection, integration_id: str) -> str:
    row = session.execute(_WHO, (integration_id,)).fetchone()
    return "another process" if row is None else f"another process (database session {row[0]}, since {row[1]})"
