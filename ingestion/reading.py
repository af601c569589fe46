"""What reading one list of a booking system gives the sync: pages of observations, and a verdict at the end."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from ingestion.versions import Observation

SyncType = Literal["full", "incremental"]


@dataclass(frozen=True)
class Outcome:
    """What a finished reading proves.

    `is_sweep` says that the whole list was read with the aim of finding what is missing; `is_complete` that it was
    proven complete. Only both together may make tombstones. `note` tells a person what was unusual.
    """

    is_sweep: bool
    is_complete: bool
    seen_ids: Container[str] = field(default_factory=frozenset, repr=False)
    note: str | None = None


class Reading(Protocol):
    """One reading of one list: iterate it to the end, then ask for its outcome."""

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        """Yield pages; raises the booking system's typed errors."""

    @property
    def outcome(self) -> Outcome:
        """Return what the finished reading proves; meaningless before the last page."""


class BookingReader(Protocol):
    """An open connection to one shop's account in a booking system."""

    def read(self, resource: str, sync_type: SyncType, *, since: datetime | None) -> Reading:
        """Return a reading of one list; an incremental one may skip what was created before `since` (aware UTC)."""

    @property
    def traffic(self) -> Mapping[str, float]:
        """Return requests, retries, bytes and seconds waited so far."""
