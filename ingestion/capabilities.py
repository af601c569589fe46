"""How long a probe of what an account honours is believed, and what a new one found otherwise.

Kept in `control.integrations.feature_flags` under `capabilities`; what stands there is each booking system's own.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

CAPABILITIES = "capabilities"
"""The key in `integrations.feature_flags`."""
PROBED_AT = "probed_at"
MOST_AGE = timedelta(days=7)
"""Booking systems grow, and plans change: a full sync probes again when the last look is older than this."""


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
