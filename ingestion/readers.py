"""A bounded pool of threads that read shops, each thread with a connection of its own to the database."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from psycopg import Connection
from psycopg.pq import TransactionStatus

from ingestion.batch_queue import BatchQueue
from ingestion.control.database import connect
from ingestion.http.pacing import Gate, Stopped

_LOG = logging.getLogger(__name__)

THREADS = 16
"""Most requests under way at once. Reading waits for the network nine tenths of its time (80 ms a page against 6 ms of
CPU to decode, hash and compare it), so this many threads keep one core busy, which is all that Python can use: they
read 1.4 times as fast as eight, for 100 MB more. Each has one connection; four runs at once then need 80 of
PostgreSQL's 100."""
_PATIENCE = 2.0
"""Seconds that threads get to end in order when a run is broken off; what waits longer for an answer is left behind."""


class ThreadConnection:
    """A thread's session, opened when it is first asked for, and again when it was lost or left in a transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._all: list[Connection] = []

    def __call__(self) -> Connection:
        """Return a session in autocommit that works as far as is known. Raises `psycopg.OperationalError`."""
        if not self._all or self._all[-1].info.transaction_status is not TransactionStatus.IDLE:
            self._all.append(connect(self._url, autocommit=True))
        return self._all[-1]

    def close(self) -> None:
        """Close all that were opened."""
        for connection in self._all:
            connection.close()


Job = Callable[[ThreadConnection], None]


class ReaderPool:
    """Begins the jobs in their order, a thread each as long as there are threads; a context manager.

    A job deals with its own errors and raises `Stopped` at most. The connections stay open until the block is left:
    a shop is settled over the one that it was read with, when its thread has long ended.
    """

    def __init__(self, url: str, jobs: Sequence[Job], *, queue: BatchQueue[Any], gate: Gate) -> None:
        self._jobs = deque(jobs)
        self._lock = threading.Lock()
        self._queue = queue
        self._gate = gate
        self._connections = [ThreadConnection(url) for _ in range(queue.readers)]
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

    def _work(self, connection: ThreadConnection) -> None:
        try:
            for job in iter(self._next, None):
                self._do(job, connection)
        except Stopped:
            pass
        finally:
            self._queue.done()

    def _do(self, job: Job, connection: ThreadConnection) -> None:
        try:
            job(connection)
        except Stopped:
            raise
        except BaseException:
            # Something that ends programs, such as SystemExit: one shop's reading must not end the others'.
            _LOG.exception("Reading a shop ended in a way that nobody foresaw; the thread goes on with the next.")

    def _next(self) -> Job | None:
        with self._lock:
            return self._jobs.popleft() if self._jobs else None
