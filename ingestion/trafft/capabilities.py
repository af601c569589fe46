"""What an account was seen to honour, as the probe found it and `integrations.feature_flags` keeps it.

A hint, never a proof: readers use it to skip an attempt that would be useless, and prove everything else anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Literal

CAPABILITIES = "capabilities"
"""The key in `integrations.feature_flags`."""
PROBED_AT = "probed_at"
MOST_AGE = timedelta(days=7)
"""Trafft is still growing, and plans change: a full sync probes again when the last look is older than this."""

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


def is_due(feature_flags: Mapping[str, Any], now: datetime) -> bool:
    """Whether the account was never probed, or longer ago than `MOST_AGE`."""
    stored = feature_flags.get(CAPABILITIES)
    try:
        return now - datetime.fromisoformat(stored[PROBED_AT]) > MOST_AGE  # type: ignore[index]  # see below
    except (TypeError, KeyError, ValueError):  # nothing is stored, or nothing that we wrote
        return True


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[str]:
    """Say what a new probe found otherwise than the stored one, in words; nothing where either does not know."""
    for name, value in _flat(after).items():
        known = _flat(before or {}).get(name)
        if name != PROBED_AT and None not in (known, value) and known != value:
            yield f"{name}: {known} before, {value} now"


def _flat(stored: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in stored.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}[{key}]": inner for key, inner in value.items()})
        else:
            flat[name] = value
    return flat
