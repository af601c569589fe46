"""A bounded pool of threads that read shops, each thread with connections of its own to the database."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from psycopg import Connection

from ingestion.batch_queue import BatchQueue
from ingestion.control.database import connect
from ingestion.http.pacing import Gate, Stopped

_LOG = logging.getLogger(__name__)

THREADS = 8
"""Most requests under way at once. Reading waits for the network nine tenths of its time (80 ms a page against 4 ms of
CPU to decode, hash and compare it), so eight threads keep most of one core busy, and more would only take turns on it.
Each has two connections; four runs at once then need 70 of PostgreSQL's 100."""
_PATIENCE = 2.0
"""Seconds that threads get to end in order when a run is broken off; what waits longer for an answer is left behind."""


@dataclass(frozen=True)
class Connections:
    """One thread's sessions: for the control record, and for the version log. Not to be shared between threads."""

    control: Connection
    log: Connection

    @property
    def are_usable(self) -> bool:
        """Whether neither has been lost."""
        return not (self.control.closed or self.log.closed)


class ThreadConnections:
    """Opens a thread's connections when they are first asked for, and again when they were lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._current: Connections | None = None
        self._all: list[Connection] = []

    def __call__(self) -> Connections:
        """Return connections that work as far as is known. Raises `psycopg.OperationalError`."""
        if self._current is None or not self._current.are_usable:
            for _ in range(2):
                self._all.append(connect(self._url, autocommit=True))
            self._current = Connections(*self._all[-2:])
        return self._current

    def close(self) -> None:
        """Close all that were opened."""
        for connection in self._all:
            connection.close()


Job = Callable[[ThreadConnections], None]


class ReaderPool:
    """Begins the jobs in their order, a thread each as long as there are threads; a context manager.

    A job deals with its own errors and raises `Stopped` at most. The connections stay open until the block is left:
    a shop is settled over the connections that it was read with, when its thread has long ended.
    """

    def __init__(self, url: str, jobs: Sequence[Job], *, queue: BatchQueue[Any], gate: Gate) -> None:
        self._jobs = deque(jobs)
        self._lock = threading.Lock()
        self._queue = queue
        self._gate = gate
        self._connections = [ThreadConnections(url) for _ in range(queue.readers)]
        self._threads = [
            # Daemons: Python would wait at its end for others, though they may wait half a minute for an answer.
            threading.Thread(target=self._work, args=(each,), name=f"reader-{number}", daemon=True)
            for number, each in enumerate(self._connections)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._gate.shut()
        self._queue.close()
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for each in self._connections:
            each.close()

    def _work(self, connections: ThreadConnections) -> None:
        try:
            for job in iter(self._next, None):
                self._do(job, connections)
        except Stopped:
            pass
        finally:
            self._queue.done()

    def _do(self, job: Job, connections: ThreadConnections) -> None:
        try:
            job(connections)
        except Stopped:
            raise
        except BaseException:
            # Something that ends programs, such as SystemExit: one shop's reading must not end the others'.
            _LOG.exception("Reading a shop ended in a way that nobody foresaw; the thread goes on with the next.")

    def _next(self) -> Job | None:
        with self._lock:
            return self._jobs.popleft() if self._jobs else None
