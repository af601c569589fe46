"""Syncs in processes of their own, made to be killed: forked from a server that has imported everything already."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.reading import Aim, SyncType

if TYPE_CHECKING:
    from ingestion.sync import ShopOutcome

_IMPORTED = ("ingestion.sync", "adbc_driver_postgresql.dbapi", "pandas", "sqlalchemy", "dlt.sources.helpers.requests")
"""What a sync imports at its beginning or on its way: half a second of CPU that every child would pay."""


@dataclass(frozen=True)
class Order:
    """What a victim is to do. `largest_file` (bytes) makes every larger file fail to be written, as a quota would."""

    url: str
    keys: str = field(repr=False)
    work_dir: Path
    integration_ids: tuple[str, ...]
    sync_type: SyncType = "full"
    largest_file: int | None = None
    forced: bool = False
    log: Path | None = None
    """Where its complaints go, for whoever wants to read what dlt says of a lost connection."""


@dataclass(frozen=True)
class ShopResult:
    """How one shop's sync ended in a victim: a status and its notes, or an error with its advice."""

    status: str
    error: str | None = None
    message: str = ""
    advice: str = ""


Results = Mapping[str, ShopResult]
"""Integration id → result; a shop that the victim did not come to has none."""


class Victim:
    """One sync at work in a process of its own."""

    def __init__(self, order: Order) -> None:
        context = _context()
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_obey, args=(order, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def is_over(self) -> bool:
        """Whether the process has ended."""
        return not self._process.is_alive()

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self._process.exitcode == -signal.SIGKILL

    def kill(self) -> None:
        """End it as a power cut would; a process that has ended already is left alone."""
        self._process.kill()

    def wait(self, seconds: float = 120.0) -> Results:
        """Wait for its end and return what it told. Raises `TimeoutError` after killing one that hangs."""
        results: dict[str, ShopResult] = {}
        self._process.join(0)
        while self._ours.poll(seconds):
            try:
                integration_id, result = self._ours.recv()
            except (EOFError, ConnectionResetError):
                break
            results[integration_id] = result
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            raise TimeoutError(f"A sync did not end within {seconds:.0f} seconds.")
        self._ours.close()
        return results


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *_IMPORTED, __name__])
    return context


def _obey(order: Order, reply: Connection) -> None:
    from ingestion.control.vault import Vault
    from ingestion.secrets import Secret
    from ingestion.sync import Installation, SyncRequest, sync_integrations

    _be_quiet(order.log)
    if order.largest_file is not None:
        # Without a handler the signal would end the process; ignored, the write fails as on a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order.largest_file, order.largest_file))
    installation = Installation(order.url, Vault.from_ring(Secret(order.keys)), order.work_dir, allow_loopback=True)
    requests = [SyncRequest(key, Aim(order.sync_type), forced=order.forced) for key in order.integration_ids]
    sync_integrations(installation, requests, on_settled=lambda outcome: reply.send(_told(outcome)))


def _be_quiet(log: Path | None) -> None:
    if log is not None:
        with log.open("ab") as stream:
            os.dup2(stream.fileno(), 2)


def _told(outcome: "ShopOutcome") -> tuple[str, ShopResult]:
    if outcome.report is not None:
        notes = [counts.note for counts in outcome.report.resources.values() if counts.note]
        return outcome.integration_id, ShopResult(outcome.report.status, message="; ".join(notes))
    error = outcome.error
    result = ShopResult("failed", type(error).__name__, str(error), getattr(error, "advice", "") or "")
    return outcome.integration_id, result


def failures(results: Results, expected: Sequence[str]) -> list[str]:
    """Say which of the expected shops did not end well, for a report."""
    return [
        f"{key[:8]}: {results[key].error}: {results[key].message}" if key in results else f"{key[:8]}: no word of it"
        for key in expected
        if key not in results or results[key].status == "failed"
    ]
