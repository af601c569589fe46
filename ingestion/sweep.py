"""Reads one resource of one shop into batches for the version log, and finds what is gone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestion.raw import VersionLog
from ingestion.reading import Outcome, Reading
from ingestion.tombstones import Verdict, allowed, judge
from ingestion.versions import Batch, Counts, Observation, Observer

RECORDS_PER_BATCH = 2_000
"""Bounds memory: 13 MB of decoded appointments, for each thread that reads. Larger ones saved no CPU that shows."""

_IDS_A_LOOK = 10_000


@dataclass
class ResourceSweep:
    """One resource within one sync: iterate `batches`, then read `counts`, `outcome` and `verdict`."""

    observer: Observer
    reading: Reading
    log: VersionLog
    missed_since: Callable[[str], Mapping[str, datetime]]
    on_progress: Callable[[str, Counts], None]
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the sync began (aware UTC), from which the time between two sweeps is counted."""
    outcome: Outcome | None = None
    verdict: Verdict | None = None

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.observer.resource.name

    @property
    def counts(self) -> Counts:
        """What was seen so far, in records."""
        return self.observer.counts

    @property
    def notes(self) -> str | None:
        """What a person should know of this sweep, or None."""
        notes = [self.outcome.note if self.outcome else None, self.verdict.note if self.verdict else None]
        return "; ".join(note for note in notes if note) or None

    def batches(self) -> Iterator[Batch]:
        """Yield the rows that this resource adds to the log: versions, quarantine, and at last tombstones."""
        buffer: list[Observation] = []
        for page in self.reading:
            buffer.extend(page)
            if len(buffer) >= RECORDS_PER_BATCH and not self._is_read_whole:
                yield from self._flush(buffer)
        yield from self._flush(buffer)
        self.outcome = self.reading.outcome
        if self.outcome.is_sweep and self.outcome.is_complete:
            yield from self._tombstones(self.outcome)

    @property
    def _is_read_whole(self) -> bool:
        return self.observer.resource.context_from is not None

    def _flush(self, buffer: list[Observation]) -> Iterator[Batch]:
        refine = self.observer.resource.context_from
        if refine:
            self.observer.context = refine([observation.record for observation in buffer], self.observer.context)
        yield from self.observer.batches(buffer)
        buffer.clear()
        self.on_progress(self.name, self.counts)

    def _tombstones(self, outcome: Outcome) -> Iterator[Batch]:
        live, missing = 0, []
        for external_id in self.log.live_ids(self.name):
            live += 1
            if external_id not in outcome.seen_ids:
                missing.append(external_id)
        self.verdict = judge(
            missing,
            missed_since=self.missed_since(self.name) if missing else {},
            started_at=self.started_at,
            live=live,
            seen=self.counts.seen,
            unconfirmed=self._unconfirmed(missing) if len(missing) > allowed(live) else frozenset(),
        )
        yield from self.observer.gone(self.verdict.gone, datetime.now(UTC))

    def _unconfirmed(self, external_ids: Sequence[str]) -> frozenset[str]:
        """Return those of the ids that the booking system itself has never shown."""
        chunks = (external_ids[at : at + _IDS_A_LOOK] for at in range(0, len(external_ids), _IDS_A_LOOK))
        shown = {external_id for chunk in chunks for external_id in self.log.latest(self.name, chunk)}
        return frozenset(external_ids) - shown
