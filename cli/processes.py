"""Finding and ending processes that carry a supervisor's marker in their environment, and no others."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

import psutil

MARKER = "SIXFB_SUPERVISOR"
"""The environment variable that every process started by a supervisor inherits, to the last grandchild."""

_PR_SET_PDEATHSIG = 1
_POLL = 0.05


def marked(marker: str) -> list[psutil.Process]:
    """Return the living processes that carry `marker`, ourselves excepted."""
    return [process for process in psutil.process_iter() if process.pid != os.getpid() and _carries(process, marker)]


def end(processes: Iterable[psutil.Process], *, grace: float) -> None:
    """Ask the processes to end (SIGTERM), and end those that have not after `grace` seconds (SIGKILL)."""
    living = [process for process in processes if alive(process)]
    _signal(living, signal.SIGTERM)
    living = _wait(living, grace)
    _signal(living, signal.SIGKILL)
    _wait(living, 5.0)


def end_marked(marker: str, *, grace: float) -> None:
    """End every process that carries `marker`, those included that are born while we do it."""
    for attempt in range(10):
        found = marked(marker)
        if not found:
            return
        end(found, grace=grace if attempt == 0 else 0.0)


def alive(process: psutil.Process) -> bool:
    """Tell whether the process still runs; a zombie waits only for its parent and does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def dies_with_parent() -> Callable[[], None] | None:
    """Return what a child runs before exec so that the kernel ends it with its parent; None where no kernel does that.

    The signal is tied to the thread that starts the child: start children from the main thread.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: between fork and exec nothing may allocate or import.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def _carries(process: psutil.Process, marker: str) -> bool:
    try:
        return process.environ().get(MARKER) == marker
    except (psutil.Error, OSError):  # not ours to read, or gone meanwhile
        return False


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while (processes := [process for process in processes if alive(process)]) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return processes
