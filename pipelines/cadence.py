"""Which shops are due now: pure decisions that schedules and sensors ask, so that a table of cases can test them."""

from collections.abc import Iterable

from ingestion.control.records import Integration

SYNCABLE = frozenset({"active", "error"})
"""A shop in error is tried again: most errors pass, and the next success clears the state."""


def due(shops: Iterable[Integration]) -> list[str]:
    """Return the ids of the shops to sync: connected, and not paused by `autoSync: false` in their settings."""
    return [shop.id for shop in shops if shop.status in SYNCABLE and shop.sync_settings.get("autoSync", True)]
