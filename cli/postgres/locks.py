"""Locks on files that the kernel drops with the last process that holds them open."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.postgres.errors import EmbeddedPostgresFailed

_POLL = 0.01


@contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """Open the file, made if missing, and close it afterwards, which drops the lock unless another holds it too.

    Programs that we run do not inherit it (Python's default); and it is closed to others, because reading it would
    be enough to lock it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise EmbeddedPostgresFailed(
            f"{path} belongs to another user. Run sixfb as that user, or set SIXFB_HOME to a folder of your own."
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, kind: int, *, patience: float = 0.0) -> bool:
    """Lock the file (`fcntl.LOCK_SH` or `LOCK_EX`) unless others keep it from us for longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        else:
            return True


def lock(descriptor: int, kind: int, *, patience: float, meanwhile: str) -> None:
    """Lock the file. Raises `EmbeddedPostgresFailed` after `patience` seconds, saying what others do `meanwhile`."""
    if not try_lock(descriptor, kind, patience=patience):
        raise EmbeddedPostgresFailed(
            f"{meanwhile} for {patience:.0f} seconds and does not get done. Look for sixfb, keeper.py and postgres in "
            "the list of processes (ps -ef), end what hangs, then start again."
        )
