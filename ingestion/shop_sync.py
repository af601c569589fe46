"""Reads one shop's lists into batches for the version log, and settles afterwards what the reading has shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from psycopg import Connection

from ingestion.control import sweep_misses, sync_operations
from ingestion.control.records import Integration, SyncOperation
from ingestion.currencies import minor_digits
from ingestion.raw import VersionLog
from ingestion.reading import Aim, BookingReader
from ingestion.records import ShopContext
from ingestion.sweep import ResourceSweep
from ingestion.systems import BookingSystem
from ingestion.versions import Batch, Counts, Observer, Stamp


@dataclass(frozen=True)
class ResourceCounts:
    """What one sync did to one resource, in records; `complete` says whether the list was proven to be read whole."""

    seen: int
    new: int
    changed: int
    gone: int
    quarantined: int
    complete: bool
    note: str | None = None


class ShopReading:
    """One shop's part of a sync: iterate `batches` to the end, load them, then `settle`.

    `connection` serves the control record, `log` the version log; neither may be shared with another thread.
    """

    def __init__(
        self,
        connection: Connection,
        system: BookingSystem,
        integration: Integration,
        operation: SyncOperation,
        aim: Aim,
        *,
        log: VersionLog,
        on_progress: Callable[[str, Counts], None],
    ) -> None:
        self._connection = connection
        self._system = system
        self._integration = integration
        self._operation = operation
        self._aim = aim
        self._log = log
        self._on_progress = on_progress
        self._sweeps: list[ResourceSweep] = []

    def batches(self, reader: BookingReader) -> Iterator[Batch]:
        """Yield the rows that this shop adds to the log; raises the booking system's typed errors."""
        self._sweeps = [self._sweep(reader, resource.name) for resource in self._system.resources]
        for sweep in self._sweeps:
            yield from sweep.batches()

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Resource → what was seen so far, in records."""
        return {sweep.name: sweep.counts for sweep in self._sweeps}

    def settle(self) -> Mapping[str, ResourceCounts]:
        """Keep what the reading missed for the next complete sweep; only now, when its rows are safely loaded."""
        for sweep in self._sweeps:
            if sweep.verdict and sweep.verdict.missed is not None:
                sweep_misses.replace(
                    self._connection, self._integration, sweep.name, sweep.verdict.missed, sync_id=self._operation.id
                )
            elif sweep.outcome:
                sweep_misses.forget(self._connection, self._integration.id, sweep.name, sweep.outcome.seen_ids)
        return {
            sweep.name: ResourceCounts(
                **asdict(sweep.counts),
                complete=bool(sweep.outcome and sweep.outcome.is_complete),
                note=sweep.notes,
            )
            for sweep in self._sweeps
        }

    def _sweep(self, reader: BookingReader, name: str) -> ResourceSweep:
        resource = next(resource for resource in self._system.resources if resource.name == name)
        since = sync_operations.last_complete_start(self._connection, self._integration.id, name)
        stamp = Stamp(self._integration.barbershop_id, self._integration.id, self._operation.id)
        context = ShopContext(
            ZoneInfo(self._integration.timezone), minor_digits=minor_digits(self._integration.currency)
        )
        return ResourceSweep(
            observer=Observer(resource, context, stamp, self._log),
            reading=reader.read(name, self._aim, since=since),
            log=self._log,
            missed_before=lambda name: sweep_misses.missed_before(self._connection, self._integration.id, name),
            on_progress=self._on_progress,
        )
