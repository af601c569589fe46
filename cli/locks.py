"""Locks that the kernel drops with their holder (flock), so that no crash leaves a stale one."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.errors import AlreadyUp, DatabaseTaken
from cli.home import Home
from ingestion.control.database import connect

_SERVER_NOTICES = 3.0
"""Seconds in which a server on this machine notices that a killed predecessor's session is gone."""
_WRITE_ENDS = 0.2
"""Seconds; a holder writes a few hundred bytes."""
_TRY = "select pg_try_advisory_lock(hashtextextended('sixfb.up', 0))"


def try_lock(descriptor: int, *, patience: float = 0.0) -> bool:
    """Lock the open file exclusively, unless somebody else holds it for longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def write_locked(descriptor: int, document: Mapping[str, Any]) -> None:
    """Replace the content of a file that is open and locked."""
    text = json.dumps(dict(document)).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


@contextmanager
def only_one(home: Home, command: str) -> Iterator["Holder"]:
    """Be the one `sixfb up` or `sixfb demo` of this home. Raises `AlreadyUp`, naming the other."""
    descriptor = os.open(home.up_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not try_lock(descriptor, patience=0.3):  # `running()` below holds it for an instant
            raise AlreadyUp(home.root, describe(_read(home.up_lock)))
        holder = Holder(descriptor, {"command": command, "pid": os.getpid(), "since": datetime.now(UTC).isoformat()})
        holder.tell()
        yield holder
        write_locked(descriptor, {})
    finally:
        os.close(descriptor)


@contextmanager
def only_one_on(url: str) -> Iterator[None]:
    """Be the one `sixfb up` or `sixfb demo` on this database, whatever home or machine the other is on.

    Two daemons on one Dagster storage would start every schedule twice. Raises `DatabaseTaken`.
    """
    with connect(url, autocommit=True) as session:
        deadline = time.monotonic() + _SERVER_NOTICES
        while session.execute(_TRY).fetchone() != (True,):
            if time.monotonic() >= deadline:
                raise DatabaseTaken
            time.sleep(0.1)
        yield


class Holder:
    """The lock in our hands, and what we tell others about ourselves in it."""

    def __init__(self, descriptor: int, facts: dict[str, Any]) -> None:
        self._descriptor = descriptor
        self._facts = facts

    def tell(self, **facts: Any) -> None:
        """Add facts (the address of the UI, say) for `sixfb status` and `sixfb sync` to find."""
        self._facts.update(facts)
        write_locked(self._descriptor, self._facts)


def running(home: Home) -> dict[str, Any] | None:
    """Return what the running `sixfb up` or `sixfb demo` tells about itself, or None when there is none.

    It is empty for the moment in which that is just starting or stopping.
    """
    try:
        descriptor = os.open(home.up_lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if try_lock(descriptor) else _read(home.up_lock)
    finally:
        os.close(descriptor)


def describe(facts: Mapping[str, Any]) -> str:
    """Say who holds a lock, in words."""
    if "pid" not in facts:
        return "Another sixfb"
    since = datetime.fromisoformat(str(facts["since"])).astimezone()
    return f"`sixfb {facts['command']}` (process {facts['pid']}, since {since:%Y-%m-%d %H:%M})"


def _read(path: Path) -> dict[str, Any]:
    """Return what the holder tells, or nothing when it has not begun to tell or does not any more."""
    deadline = time.monotonic() + _WRITE_ENDS
    while True:
        with suppress(ValueError):  # read in the middle of the holder's write
            document = json.loads(path.read_bytes())
            if isinstance(document, dict) and "pid" in document:
                return document
        if time.monotonic() >= deadline:
            return {}
        time.sleep(0.01)
