"""The embedded server's files under a home, and what can be read from them."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_LOG_LIMIT = 10_000_000
"""Bytes after which a start begins a new log and keeps one old one; a day makes some ten thousand."""
_TAIL_LINES = 20


@dataclass(frozen=True)
class Postmaster:
    """What a server writes about itself into `postmaster.pid`."""

    pid: int
    socket_dir: Path
    is_ready: bool

    def runs_on(self, data: Path) -> bool:
        """Tell whether the process is a server on this directory; its number may be another program's by now."""
        try:
            return str(data) in psutil.Process(self.pid).cmdline()
        except psutil.Error:
            return False


@dataclass(frozen=True)
class Place:
    """Where an embedded server lives."""

    root: Path

    @property
    def data(self) -> Path:
        """The data directory; it exists only when it is complete."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """What the server and its keeper say."""
        return self.root / "server.log"

    def lock(self, name: str) -> Path:
        """Return the lock file of `users`, of the `keeper`, of the `server`, or of a `start` under way."""
        return self.root / f"{name}.lock"

    def postmaster(self) -> Postmaster | None:
        """Return what the latest server left; None when it stopped in order or has not written it to its end."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return Postmaster(pid=int(lines[0]), socket_dir=Path(lines[4]), is_ready=lines[7].strip() == "ready")
        except (OSError, ValueError, IndexError):
            return None

    def forget_dead_postmaster(self, socket_dir: Path) -> None:
        """Remove what a killed server left when its process id is in use all the same, or PostgreSQL would not start.

        It takes for a running server whatever has the id: another program that got it after a power cut, or the dead
        server that its parent has not buried yet. Call while holding the server's lock, so that it is none of ours; a
        server that somebody started by hand is left for PostgreSQL to refuse.
        """
        for path in (self.data / "postmaster.pid", socket_dir / ".s.PGSQL.5432.lock"):
            with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
                pid = int(path.read_text().splitlines()[0])
                if not _is_living_server(psutil.Process(pid)):
                    path.unlink()

    def open_log(self) -> int:
        """Return a descriptor to append to the log, which is for the owner's eyes: statements may hold names."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.old"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log_tail(self, start: int = 0) -> str:
        """Return the last lines of the log after the byte `start`, with its name, for an error message."""
        with self.log.open("rb") as stream:
            stream.seek(start)
            lines = stream.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join((f"The end of {self.log}:", *lines)) if lines else f"Its log {self.log} is empty."


def _is_living_server(process: psutil.Process) -> bool:
    try:
        # The command line is the first thing that a dying process loses, before its locks.
        return process.name() in {"postgres", "postmaster"} and bool(process.cmdline())
    except psutil.ZombieProcess:
        return False
