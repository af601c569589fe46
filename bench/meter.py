"""Measures what work costs: wall time, CPU of the client and of PostgreSQL, and what others used meanwhile."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_REAPING = 0.2
"""Seconds until the postmaster has taken in the CPU time of a backend that just ended."""


@dataclass(frozen=True)
class Cost:
    """Seconds that a piece of work took. `others` is the CPU that all other processes used meanwhile."""

    wall: float
    client: float
    server: float
    others: float


class Meter:
    """A context manager around the work; then read `cost`. Counts this process and the children it waited for."""

    cost: Cost

    def __init__(self, server_pid: int) -> None:
        self._server = psutil.Process(server_pid)

    def __enter__(self) -> Self:
        self._at_start = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        wall = time.perf_counter()
        time.sleep(_REAPING)
        end = self._now()
        client, server, busy = (after - before for before, after in zip(self._at_start[1:], end[1:], strict=True))
        self.cost = Cost(wall - self._at_start[0], client, server, max(busy - client - server, 0.0))

    def _now(self) -> tuple[float, float, float, float]:
        return time.perf_counter(), _client_seconds(), _server_seconds(self._server), _busy_seconds()


def peak_rss() -> int:
    """Return the most bytes this process ever held; unlike ru_maxrss, nothing of the process that started it."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024


def _client_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _server_seconds(postmaster: psutil.Process) -> float:
    """Return the CPU of the server's processes, living and ended. The living first: who ends now is counted after."""
    living = 0.0
    for process in postmaster.children():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        living += times.user + times.system
    own = postmaster.cpu_times()
    return float(living + own.user + own.system + own.children_user + own.children_system)


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)
