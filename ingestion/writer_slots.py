"""Numbered working folders for dlt: whoever loads takes a free one, and finishes first what dead writers left in them.

A slot is taken by a lock on a file beside its folder, which the kernel drops with the process, however it dies.
"""

import fcntl
import logging
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from ingestion.control.database import connect
from ingestion.loading import RawLoader, RawTables

_LOG = logging.getLogger(__name__)

_SUPERSEDED = """
    select exists (
        select from control.sync_operations as written
        inner join control.sync_operations as later
            on later.integration_id = written.integration_id and later.created_at > written.created_at
        where written.id::text = any(%(ids)s) and later.id::text <> all(%(ids)s)
    )
"""


@dataclass(frozen=True)
class WriterSlots:
    """The working folders of one booking system's writers on this machine: `<system>_0`, `<system>_1`, ….

    A run drains before it reads, and other runs wait for that (`drain.lock`). The change filter compares what it reads
    with what is loaded: if a killed run's package still waited, a record that it had seen changed, or gone, would look
    unchanged to the newer reading, which would write nothing; and then the old package would land, and be the latest
    word on that record. So nothing may be waiting for a shop when its reading begins.
    """

    url: str
    tables: RawTables
    work_dir: Path

    @contextmanager
    def take(self) -> Iterator[RawLoader]:
        """Finish what dead writers left, then lend out a slot of our own, with nothing waiting in it.

        Take the shops' locks first: who has them and has drained knows that no package of theirs is waiting. Raises
        `psycopg.OperationalError` when the database cannot be reached.
        """
        with ExitStack() as taken:
            with self._draining():
                self._drain()
                writer = self._take_first_free(taken)
            yield self._loader(writer)

    def drain(self) -> None:
        """Finish what writers left that died meanwhile; their rows need not wait for the next run."""
        with self._draining():
            self._drain()

    def _take_first_free(self, taken: ExitStack) -> str:
        """Return the first free slot's number; others cannot take it before `taken` is closed."""
        numbers = map(str, count())
        return next(number for number in numbers if taken.enter_context(_try_lock(self._lock_file(number))))

    def _drain(self) -> None:
        for folder in sorted(self.work_dir.glob(f"{self.tables.system}_*")):
            writer = folder.name.removeprefix(f"{self.tables.system}_")
            if re.fullmatch(r"\d{1,4}", writer) and folder.is_dir():
                with _try_lock(self._lock_file(writer)) as is_free:
                    if is_free:
                        self._finish(self._loader(writer))
            elif re.fullmatch(r"[0-9a-f]{32}", writer) and folder.is_dir():
                # Until November 2026 each integration had a folder; the last package in it may still be waiting.
                self._finish(self._loader(writer))
                shutil.rmtree(folder, ignore_errors=True)

    def _finish(self, loader: RawLoader) -> None:
        if self._is_superseded(loader.waiting_syncs()):
            # A shop that was synced since, by a run that could not see this package (its owner had lost its session
            # but still lived, or had another machine's folder): what that run read is newer, and is the whole truth.
            _LOG.warning("A package of a killed run was given up: its shops have been synced since.")
            loader.discard()
        elif loader.drain():
            _LOG.info("A package that a killed run had left was loaded.")

    def _is_superseded(self, sync_ids: Collection[str]) -> bool:
        if not sync_ids:
            return False
        with connect(self.url) as connection:
            row = connection.execute(_SUPERSEDED, {"ids": list(sync_ids)}).fetchone()
        return bool(row and row[0])

    def _loader(self, writer: str) -> RawLoader:
        return RawLoader(self.url, self.tables, writer, self.work_dir)

    def _lock_file(self, writer: str) -> Path:
        return self.work_dir / f"{self.tables.system}_{writer}.lock"

    @contextmanager
    def _draining(self) -> Iterator[None]:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with (self.work_dir / "drain.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def _try_lock(path: Path) -> Iterator[bool]:
    """Hold the file's lock, unless somebody else does: gives whether we have it."""
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
