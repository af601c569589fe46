"""One writer per integration, whoever started it: an advisory lock that the database drops with its holder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from ingestion.control.database import connect

_TRY = (
    "select key, pg_try_advisory_lock(hashtextextended('sixfb.integration:' || key, 0))"
    " from unnest(%s::text[]) as wanted (key)"
)
_RELEASE = "select pg_advisory_unlock_all()"
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
    """The session that held the locks is gone, so another writer may have begun."""

    def __init__(self, integration_ids: str) -> None:
        super().__init__(
            f"The database session that kept other writers off integration {integration_ids} has ended "
            "(a restart, or a lost connection). Nothing more is written; start the sync again."
        )


@dataclass(frozen=True)
class IntegrationLocks:
    """The locks in our hands, all of one session, and who has those that we did not get."""

    held: frozenset[str]
    busy: Mapping[str, AlreadyRunning]
    _session: psycopg.Connection

    def confirm(self) -> None:
        """Raise `LockLost` unless the locks are still ours: they live exactly as long as their session."""
        try:
            self._session.execute("select 1")
        except psycopg.OperationalError as error:
            raise LockLost(", ".join(sorted(self.held))) from error


@contextmanager
def integration_locks(url: str, integration_ids: Sequence[str]) -> Iterator[IntegrationLocks]:
    """Be the only writer for those of the integrations that nobody else writes for; the others are `busy`.

    Never waits, so two runs over the same shops cannot wait for each other. Holds one session, however many there are;
    it must reach PostgreSQL itself or a pooler in session mode.
    """
    with connect(url, autocommit=True) as session:
        for statement in _SESSION:
            session.execute(statement)
        # A session may take a lock twice, and would then have to give it back twice.
        answers: list[tuple[str, bool]] = session.execute(_TRY, (list(dict.fromkeys(integration_ids)),)).fetchall()
        busy = {key: AlreadyRunning(key, _holder(session, key)) for key, is_ours in answers if not is_ours}
        try:
            yield IntegrationLocks(frozenset(key for key, is_ours in answers if is_ours), busy, session)
        finally:
            # Closing the session is not enough: the server ends it, and drops its locks, some time after we went on.
            with suppress(psycopg.OperationalError):
                session.execute(_RELEASE)


@contextmanager
def integration_lock(url: str, integration_id: str) -> Iterator[IntegrationLocks]:
    """Be the only writer for one integration. Raises `AlreadyRunning` at once when there is another."""
    with integration_locks(url, [integration_id]) as locks:
        if integration_id in locks.busy:
            raise locks.busy[integration_id]
        yield locks


def _holder(session: psycopg.Connection, integration_id: str) -> str:
    row = session.execute(_WHO, (integration_id,)).fetchone()
    return "another process" if row is None else f"another process (database session {row[0]}, since {row[1]})"
