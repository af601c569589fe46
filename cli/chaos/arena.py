"""Where a campaign plays: a temporary home with an embedded PostgreSQL that can be broken and started again."""

import signal
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from cli.embedded_postgres import EmbeddedPostgres, embedded_postgres
from cli.home import Home
from cli.key_ring import load_or_create_key_ring
from cli.migration import migrate_ours
from ingestion.control.database import connect
from ingestion.secrets import Secret

_PATIENCE = 60.0
"""Seconds for an immediate stop; it waits for nothing, so this is never reached."""
_POLL = 0.005


class Arena(AbstractContextManager["Arena"]):
    """The database, the keys and the folders of one campaign."""

    def __init__(self, root: Path) -> None:
        self.home = Home.at(root)
        self._server: EmbeddedPostgres | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._start()
        migrate_ours(self.url)
        self.keys: Secret = load_or_create_key_ring(self.home.root)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def server(self) -> EmbeddedPostgres:
        """The server that runs now."""
        assert self._server is not None  # noqa: S101 -- use the arena as a context manager
        return self._server

    @property
    def url(self) -> str:
        """The database's address; the same after every restart."""
        return self.server.url

    def restart_immediately(self) -> None:
        """Stop the server as `pg_ctl -m immediate` does, without a checkpoint or a goodbye, and start it again."""
        process = psutil.Process(self.server.pid)
        process.send_signal(signal.SIGQUIT)
        process.wait(_PATIENCE)
        self._stack.close()
        self._start()

    def drop_connections(self) -> int:
        """End every session of this database but the one that does it, and return how many there were."""
        with connect(self.url, autocommit=True) as connection:
            ended = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchall()
        return len(ended)

    def wait_for_locks(self) -> None:
        """Wait until the server has noticed that killed clients are gone, and has let go of what they held."""
        deadline = time.monotonic() + _PATIENCE
        with connect(self.url, autocommit=True) as connection:
            while connection.execute("select from pg_locks where locktype = 'advisory' limit 1").fetchone():
                if time.monotonic() > deadline:
                    raise TimeoutError("A killed sync's database session still holds its advisory lock.")
                time.sleep(_POLL)

    def _start(self) -> None:
        self._server = self._stack.enter_context(embedded_postgres(self.home.root))

    @property
    def server_account(self) -> int:
        """The user id that the server's files belong to."""
        return self.home.postgres_data.stat().st_uid
