"""What an account was seen to honour, as the probe found it and `integrations.feature_flags` keeps it.

A hint, never a proof: readers use it to skip an attempt that would be useless, and prove everything else anew.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from ingestion.capabilities import CAPABILITIES, PROBED_AT

Direction = Literal["asc", "desc"]


@dataclass(frozen=True)
class Capabilities:
    """True and False were seen; None could not be told from what the list holds, or was not answered."""

    counts_records: bool | None = None
    """Whether lists come with their total."""
    largest_page: int | None = None
    """The most records that one page has shown, where more were asked for and there."""
    clamps_limit: bool | None = None
    """Whether a limit that is too large is cut down; False means that it is taken, or refused."""
    refuses_limit: bool | None = None
    sorts: Mapping[str, bool | None] = field(default_factory=dict)
    """"created_at asc" and so on → whether the first page came in that order."""
    filters: Mapping[str, bool | None] = field(default_factory=dict)
    """"status", "customerId" → whether only records that fit came."""
    has_locations: bool | None = None
    reads_one_appointment: bool | None = None
    has_available_times: bool | None = None

    @classmethod
    def of(cls, feature_flags: Mapping[str, Any]) -> "Capabilities":
        """Return what is stored; whatever is missing there, or of another edition, is unknown."""
        stored = feature_flags.get(CAPABILITIES)
        known = stored if isinstance(stored, Mapping) else {}
        return cls(**{each.name: known[each.name] for each in fields(cls) if each.name in known})

    def ignores_sort(self, sort_by: str, direction: Direction) -> bool:
        """Whether the account was seen not to sort so."""
        return self.sorts.get(f"{sort_by} {direction}") is False

    def as_stored(self, probed_at: datetime) -> dict[str, Any]:
        """Return the form in which `feature_flags` keeps this; `probed_at` is aware UTC."""
        return {PROBED_AT: probed_at.isoformat(), **asdict(self)}
