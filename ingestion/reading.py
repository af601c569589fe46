"""What reading one list of a booking system gives the sync: pages of observations, and a verdict at the end."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, get_args

from ingestion.versions import Observation

SyncType = Literal["full", "incremental", "appointments", "customers", "backfill", "webhook"]
SYNC_TYPES: tuple[SyncType, ...] = get_args(SyncType)
SWEEPS: frozenset[SyncType] = frozenset({"full", "appointments", "customers"})
"""Syncs that read lists whole with the aim of finding what is missing."""
TARGETS = ("appointments", "customers")
"""What a webhook can tell of, in the order in which it is read."""

Unknown = Callable[[], Sequence[str]]
"""Gives the ids of a list's records that this sync's other records refer to and that the version log does not hold."""


@dataclass(frozen=True)
class Window:
    """A span of time from `start` up to, but without, `end`; both aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window's ends say their time zone")
        if self.end <= self.start:
            raise ValueError(f"a window ends after it begins, got {self.start.isoformat()} to {self.end.isoformat()}")


@dataclass(frozen=True)
class Aim:
    """What one sync is after.

    `full` reads every list whole and so finds what is gone; `incremental` what is new and what is near; `appointments`
    and `customers` read that one list whole; `backfill` the appointments that start within `window`; `webhook` the
    appointments `wanted`, of which webhooks have told.
    """

    sync_type: SyncType
    window: Window | None = None
    wanted: Mapping[str, datetime | None] = field(default_factory=dict)
    """Appointment id → when it starts as the webhook said (aware UTC), None where it did not or not readably."""

    @property
    def is_sweep(self) -> bool:
        """Whether the lists are read to find what is missing, too."""
        return self.sync_type in SWEEPS

    def lists(self, names: Sequence[str]) -> list[str]:
        """Return those of a booking system's lists that this sync reads, in their order."""
        if self.sync_type == "webhook":
            return [name for name in TARGETS if name in names]
        return [self.sync_type] if self.sync_type in names else list(names)


@dataclass(frozen=True)
class Evidence:
    """What a reading of a whole list went through: `totals` as the booking system gave them at its start and end."""

    total_first: int | None = None
    total_last: int | None = None
    passes: int = 1
    pages: int = 0
    ids_seen: int = 0
    duplicates: int = 0
    """Records that came more than once within a pass, on different pages."""
    rows_shifted: int = 0
    """Records that stood where the pages before let expect others, or that came or went between two passes."""
    unreadable: int = 0
    """Different records without a usable id."""


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
    evidence: Evidence | None = None


class Reading(Protocol):
    """One reading of one list: iterate it to the end, then ask for its outcome."""

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        """Yield pages; raises the booking system's typed errors."""

    @property
    def outcome(self) -> Outcome:
        """Return what the finished reading proves; meaningless before the last page."""


def nothing_unknown() -> Sequence[str]:
    """Say that the log holds whatever was referred to."""
    return ()


class BookingReader(Protocol):
    """An open connection to one shop's account in a booking system."""

    def read(self, resource: str, aim: Aim, *, since: datetime | None, unknown: Unknown = nothing_unknown) -> Reading:
        """Return a reading of one list; an incremental one may skip what was created before `since` (aware UTC).

        Of a list that is too long to be read for a few new records, it may read only those that are `unknown`, which
        is asked once the lists before this one have been read.
        """

    def probe(self) -> Mapping[str, Any]:
        """Return what the account can do, as `feature_flags` keeps it; never raises the booking system's errors."""

    @property
    def traffic(self) -> Mapping[str, float]:
        """Return requests, retries, bytes and seconds waited so far."""
