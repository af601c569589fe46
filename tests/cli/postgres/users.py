"""Processes that use an embedded server, and waiting for processes to be gone."""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psutil

from cli.embedded_postgres import EmbeddedPostgres
from cli.postgres.locks import lock_file, try_lock
from cli.postgres.place import Place

_USE = """
import os, subprocess, sys, time
from pathlib import Path
from cli.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1])) as server:
    if sys.argv[2] == "program":
        child = subprocess.Popen(["sleep", "60"], close_fds=False).pid
    elif sys.argv[2] == "fork":
        child = os.fork()
        if not child:
            time.sleep(60)
    else:
        child = 0
    print(server.pid, child, flush=True)
    sys.stdin.read()
os._exit(0)
"""
_PATIENCE = 20.0


@contextmanager
def another_user(
    home: Path, *, with_child: Literal["program", "fork", ""] = "", account: str | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Start a process that uses the server, perhaps with a child that outlives it, and leaves when its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _USE, str(home), with_child],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=account,
        extra_groups=[] if account else None,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def server_of(user: "subprocess.Popen[str]") -> psutil.Process:
    """Return the server that the user has found or started."""
    return server_and_child_of(user)[0]


def server_and_child_of(user: "subprocess.Popen[str]") -> tuple[psutil.Process, psutil.Process]:
    """Return the server that the user has found or started, and the user's own child (itself without one)."""
    assert user.stdout is not None
    server, child = map(int, user.stdout.readline().split())
    return psutil.Process(server), psutil.Process(child or user.pid)


def processes_of(server: EmbeddedPostgres) -> list[psutil.Process]:
    """Return the keeper, the server and all its helpers."""
    postmaster = psutil.Process(server.pid)
    keeper = postmaster.parent()
    assert keeper is not None
    assert "keeper.py" in " ".join(keeper.cmdline())
    return [keeper, postmaster, *postmaster.children(recursive=True)]


def wait_gone(*processes: psutil.Process) -> None:
    """Wait until none of the processes runs; one that waits for its parent to notice does not."""
    deadline = time.monotonic() + _PATIENCE
    while any(_runs(process) for process in processes):
        assert time.monotonic() < deadline, f"still running: {processes}"
        time.sleep(0.02)


def wait_quiet(home: Path) -> None:
    """Wait until no process of a server is left on this home."""
    place = Place(home / "postgres")
    if place.root.exists():
        with lock_file(place.lock("server")) as lock:
            assert try_lock(lock, fcntl.LOCK_EX, patience=_PATIENCE)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
