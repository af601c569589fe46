"""The embedded PostgreSQL: one server per home, joined by every process that needs it, gone with the last of them.

Lock files say who is there, and the kernel keeps them true whoever dies: `users` is held shared by every user, `keeper`
by the keeper, which stops the server when no user is left, `server` by all processes of the server. Unix only.
A child that a user forks without exec counts as a user too, for as long as it lives.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from cli.postgres import keeper
from cli.postgres.data import Installation, prepare, socket_directory
from cli.postgres.errors import EmbeddedPostgresFailed
from cli.postgres.locks import lock, lock_file, try_lock
from cli.postgres.place import Place
from cli.postgres.tuning import available_memory, server_settings

DATABASE = "sixfb"

_START_PATIENCE = 600.0
"""Seconds for a start. Normally it takes less than one; the replay of 2 GB of log after a power cut takes minutes."""
_STOP_PATIENCE = keeper.STOP_PATIENCE + 30.0
_ORPHAN_PATIENCE = 5.0
_POLL = 0.01


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running embedded server, as one of its users sees it."""

    place: Place
    pid: int
    socket_dir: Path
    database: str = DATABASE

    @property
    def url(self) -> str:
        """The database's URL for all clients. One that ignored `host` would reach another server."""
        return _url(self.socket_dir, self.database)

    def check(self) -> None:
        """Raise `EmbeddedPostgresFailed` when the server is gone though we still use it."""
        postmaster = self.place.postmaster()
        if postmaster is None or not psutil.pid_exists(postmaster.pid):
            raise EmbeddedPostgresFailed(
                f"The embedded PostgreSQL (process {self.pid}) has ended while it was in use. What was committed is "
                f"safe: start again. {self.place.log_tail()}"
            )


@contextmanager
def embedded_postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """Use the embedded server of this home: start it, or join the one that runs. The last user to leave stops it.

    Raises `EmbeddedPostgresFailed`.
    """
    place = Place((home.expanduser() / "postgres").resolve())
    place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_file(place.lock("users")) as users:
        with lock_file(place.lock("start")) as start:
            others = "Another process has been starting the embedded PostgreSQL"
            lock(start, fcntl.LOCK_EX, patience=_START_PATIENCE, meanwhile=others)
            # Once we hold this, the keeper does not stop the server. A keeper that is stopping it makes us wait.
            stopping = "The embedded PostgreSQL has been stopping"
            lock(users, fcntl.LOCK_SH, patience=_STOP_PATIENCE, meanwhile=stopping)
            server = _join_or_start(place)
        try:
            yield server
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)  # even if a forked child still has the file open


def _join_or_start(place: Place) -> EmbeddedPostgres:
    deadline = time.monotonic() + _START_PATIENCE
    log_start: int | None = None
    while time.monotonic() < deadline:
        with lock_file(place.lock("keeper")) as keeper_lock:
            if not try_lock(keeper_lock, fcntl.LOCK_EX):  # a keeper lives
                if server := _connected(place):
                    return server
            elif log_start is None:
                log_start = _start(place, keeper_lock)
            else:
                tail = place.log_tail(log_start)
                raise EmbeddedPostgresFailed(f"The embedded PostgreSQL did not start. {tail}")
        time.sleep(_POLL)
    raise EmbeddedPostgresFailed(
        f"The embedded PostgreSQL was not ready after {_START_PATIENCE:.0f} seconds. {place.log_tail()}"
    )


def _start(place: Place, keeper_lock: int) -> int:
    """Start a keeper, which inherits the lock, and return where its part of the log begins."""
    with lock_file(place.lock("server")) as server_lock:
        _end_orphan(place, server_lock)
        installation = prepare(place.data)
        socket_dir = socket_directory(place.data, installation.owner)
        place.forget_dead_postmaster(socket_dir)
        log = place.open_log()
        try:
            begin = os.fstat(log).st_size
            subprocess.run(
                _command(place, installation, socket_dir, server_lock),
                # None of our environment: it may hold secrets, which SQL can read, and PG*, which the server obeys.
                env={"LC_ALL": "C"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[keeper_lock, server_lock],
                start_new_session=True,  # Ctrl-C and a closed terminal mean our user, not the server
                check=True,
            )
        finally:
            os.close(log)
        return begin


def _command(place: Place, installation: Installation, socket_dir: Path, server_lock: int) -> list[str]:
    settings = {**server_settings(available_memory()), "unix_socket_directories": str(socket_dir)}
    return [
        *(sys.executable, "-I", keeper.__file__),
        *("--users-lock", str(place.lock("users")), "--server-lock", str(server_lock)),
        *(("--user", installation.account) if installation.account else ()),
        *("--", str(installation.programs / "postgres"), "-D", str(place.data)),
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
    ]


def _end_orphan(place: Place, server_lock: int) -> None:
    """Take the server's lock, for which a server whose keeper was killed must end first.

    On Linux the kernel has told it to. Elsewhere nobody has, so we do.
    """
    if try_lock(server_lock, fcntl.LOCK_EX, patience=_ORPHAN_PATIENCE):
        return
    postmaster = place.postmaster()
    if postmaster and postmaster.runs_on(place.data):
        os.kill(postmaster.pid, signal.SIGINT)
    orphan = "A server whose keeper was killed has been stopping"
    lock(server_lock, fcntl.LOCK_EX, patience=_STOP_PATIENCE, meanwhile=orphan)


def _connected(place: Place) -> EmbeddedPostgres | None:
    """Return the server once it answers, with our database in it."""
    postmaster = place.postmaster()
    if postmaster is None or not postmaster.is_ready:
        return None
    try:
        with psycopg.connect(_url(postmaster.socket_dir, "postgres"), autocommit=True) as connection:
            _require_ours(connection, place)
            _ensure_database(connection)
    except psycopg.OperationalError:
        return None
    return EmbeddedPostgres(place=place, pid=postmaster.pid, socket_dir=postmaster.socket_dir)


def _require_ours(connection: psycopg.Connection, place: Place) -> None:
    """Make sure that the URL led to our server: a client may ignore the socket it names and go to port 5432."""
    ((data,),) = connection.execute("show data_directory").fetchall()
    if Path(data) != place.data:
        raise EmbeddedPostgresFailed(f"The URL of the server on {place.data} leads to one on {data}. Stop that one.")


def _ensure_database(connection: psycopg.Connection) -> None:
    if connection.execute("select from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
        # The built-in locale sorts by code point everywhere and for ever; the system's changes with its libraries,
        # which breaks indexes.
        connection.execute(
            f"create database {DATABASE} template template0 encoding 'UTF8' "
            "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
        )


def _url(socket_dir: Path, database: str) -> str:
    return f"postgresql://postgres:x@localhost:5432/{database}?host={quote(str(socket_dir))}"
