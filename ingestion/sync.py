"""Syncs shops, whoever asks: lock, read, load, remember. Dagster, the shell and the tests all come here.

One run serves many shops: threads read them, this thread loads what they read as one package, then settles each.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import groupby
from math import inf

import psycopg
from psycopg import Connection

from ingestion.batch_queue import BatchQueue
from ingestion.control import integrations, sync_operations
from ingestion.control.database import connect
from ingestion.control.locks import IntegrationLocks, integration_locks
from ingestion.http.pacing import Gate, RateLimit, Timing
from ingestion.loading import LoadReport, RawLoader, RawTables
from ingestion.readers import THREADS, ReaderPool
from ingestion.reading import Aim, SyncType, Window
from ingestion.shop_run import Installation, ReadingEnded, ShopOutcome, ShopRun, SyncReport, SyncRequest
from ingestion.systems import SYSTEMS
from ingestion.versions import Batch
from ingestion.writer_slots import WriterSlots

__all__ = [
    "Installation",
    "ShopOutcome",
    "SyncReport",
    "SyncRequest",
    "sync_integration",
    "sync_integrations",
    "syncing",
]

QUEUED_BATCHES = 16
"""Tables that wait to be written, of at most 4 MB: a large shop's flush of 10,000 records is five."""

Progress = Callable[[str], None]


def sync_integration(
    installation: Installation,
    integration_id: str,
    *,
    sync_type: SyncType,
    window: Window | None = None,
    forced: bool = False,
    run_id: str | None = None,
    on_progress: Progress = lambda line: None,
) -> SyncReport:
    """Sync one shop, as `sync_integrations` does with many.

    Raises what it failed of: `UnknownIntegration`, `AlreadyRunning` when another writes for it, `CircuitOpen`, the
    booking system's typed errors, and whatever the load raises.
    """
    request = SyncRequest(integration_id, Aim(sync_type, window), forced=forced)
    (outcome,) = sync_integrations(installation, [request], run_id=run_id, on_progress=on_progress)
    if outcome.report is None:
        raise outcome.error or ReadingEnded
    return outcome.report


def sync_integrations(
    installation: Installation,
    requests: Sequence[SyncRequest],
    *,
    run_id: str | None = None,
    on_progress: Progress = lambda line: None,
    on_settled: Callable[[ShopOutcome], None] = lambda outcome: None,
) -> list[ShopOutcome]:
    """Sync many shops in one run, and return what became of each, in the order of the requests; see `syncing`."""
    outcomes = []
    for outcome in syncing(installation, requests, run_id=run_id, on_progress=on_progress):
        on_settled(outcome)
        outcomes.append(outcome)
    places = {integrations.canonical_id(request.integration_id): place for place, request in enumerate(requests)}
    return sorted(outcomes, key=lambda outcome: places[outcome.integration_id])


def syncing(
    installation: Installation,
    requests: Sequence[SyncRequest],
    *,
    run_id: str | None = None,
    on_progress: Progress = lambda line: None,
) -> Iterator[ShopOutcome]:
    """Read the shops' lists, append what is new to the version log as one package, and yield each shop's outcome.

    Holds each shop's advisory lock from before its first request until its rows are loaded: one writer at a time,
    whoever started it. A shop that another writes for has `AlreadyRunning` as its outcome, at once. A shop that fails
    is recorded as failed and stops nobody: the rows that it had shown are loaded, for they are true, but nothing is
    concluded from them. A failure of the load is everybody's. An interrupt closes all operations as failed and goes on
    to the caller. `on_progress` is called in the caller's thread. Raises `ValueError` for a shop that is named twice.
    """
    wanted = {integrations.canonical_id(request.integration_id): request for request in requests}
    if len(wanted) < len(requests):
        raise ValueError("A shop is named twice; a run can read it in one way only.")
    with connect(installation.url, autocommit=True) as connection:
        shops = []
        for key, request in wanted.items():
            try:
                shop = integrations.get_integration(connection, key)
            except integrations.UnknownIntegration as error:
                yield ShopOutcome(key, key, report=None, error=error)
            else:
                shops.append(ShopRun(installation, SYSTEMS[shop.provider], shop, request))
        shops.sort(key=_provider)
        for provider, group in groupby(shops, key=_provider):
            yield from _Run(installation, connection, provider, run_id, on_progress).outcomes(list(group))


def _provider(shop: ShopRun) -> str:
    return shop.integration.provider


class _Run:
    """The shops of one booking system in one run."""

    def __init__(
        self,
        installation: Installation,
        connection: Connection,
        provider: str,
        run_id: str | None,
        on_progress: Progress,
    ) -> None:
        system = SYSTEMS[provider]
        tables = RawTables(system.name, system.resources)
        self._installation = installation
        self._connection = connection
        self._slots = WriterSlots(installation.url, tables, installation.work_dir)
        self._run_id = run_id
        self._on_progress = on_progress

    def outcomes(self, shops: Sequence[ShopRun]) -> Iterator[ShopOutcome]:
        with integration_locks(self._installation.url, [shop.integration.id for shop in shops]) as locks:
            for shop in shops:
                if shop.integration.id in locks.busy:
                    yield shop.fail(locks.busy[shop.integration.id])
            ours = [shop for shop in shops if shop.outcome is None]
            if ours:
                yield from self._sync(ours, locks)

    def _sync(self, shops: Sequence[ShopRun], locks: IntegrationLocks) -> Iterator[ShopOutcome]:
        queue: BatchQueue[Batch | str] = BatchQueue(size=QUEUED_BATCHES, readers=min(THREADS, len(shops)))
        gate = Gate(_process_limit(self._installation.requests_per_second))
        jobs = [
            partial(shop.read, gate=gate, run_id=self._run_id, put=queue.put) for shop in self._in_fair_order(shops)
        ]
        told: set[ShopRun] = set()
        try:
            # The locks are ours, and from here on nothing waits to be loaded for these shops: now they may be read.
            with (
                self._slots.take() as loader,
                ReaderPool(self._installation.url, jobs, queue=queue, gate=gate),
            ):
                load = self._load(loader, queue, locks)
                for shop in shops:
                    outcome = shop.settle(load)
                    told.add(shop)
                    yield outcome
        except Exception as error:
            yield from [shop.fail(error) for shop in shops if shop not in told]
        except BaseException as error:
            for shop in shops:
                shop.fail(error)
            raise
        else:
            # Nobody waits for what others left: the next run would load it as well.
            with suppress(psycopg.OperationalError):
                self._slots.drain()

    def _load(self, loader: RawLoader, queue: BatchQueue[Batch | str], locks: IntegrationLocks) -> LoadReport:
        """Load what the threads read. Raises `LockLost` as soon as it is clear that another may write by now."""
        load = loader.load(self._batches(queue, locks), before_load=locks.confirm)
        locks.confirm()
        return load

    def _batches(self, queue: BatchQueue[Batch | str], locks: IntegrationLocks) -> Iterator[Batch]:
        for item in queue:
            if isinstance(item, str):
                self._on_progress(item)
            else:
                yield item
        # The load begins when this ends: whoever lost the locks meanwhile must not write any more.
        locks.confirm()

    def _in_fair_order(self, shops: Sequence[ShopRun]) -> list[ShopRun]:
        """Return the shops that were read fastest last time first.

        All are loaded together in the end, so this decides only who waits for a thread: a small shop then waits for
        smaller ones alone, and huge ones, or new ones whose size nobody knows, take the threads last.
        """
        seconds: dict[str, float] = {}
        for sync_type in {shop.request.aim.sync_type for shop in shops}:
            ids = [shop.integration.id for shop in shops if shop.request.aim.sync_type == sync_type]
            seconds |= sync_operations.reading_seconds(self._connection, ids, sync_type)
        return sorted(shops, key=lambda shop: seconds.get(shop.integration.id, inf))


@cache
def _process_limit(per_second: float) -> RateLimit:
    """One for all runs of this process; a second's worth may go at once."""
    return RateLimit(per_minute=per_second * 60, burst=max(1, int(per_second)), timing=Timing())
