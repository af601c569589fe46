"""Which shops are due now: pure decisions that schedules ask, so that a table of cases can test them.

A slot is a moment at which a cadence strikes in a shop (`pipelines.slots`). A shop is due from its slot on until a
sync that covers the cadence has started, or a run is on its way to it; so a tick that was lost, or a run that died
before it came to the shop, is made up for by the next tick, once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingestion.control.last_starts import LastStart, ShopHistory
from ingestion.control.records import Integration
from ingestion.control.shop_settings import InvalidSettings, ShopSettings
from pipelines.slots import Cadence, latest_slot, zone_of

SYNCABLE = frozenset({"active", "error"})
"""A shop in error is tried again: most errors pass, and the next success clears the state."""
COVERED_BY: Mapping[Cadence, frozenset[str]] = {
    "full": frozenset({"full"}),
    "incremental": frozenset({"incremental", "full"}),
    "customers": frozenset({"customers", "full"}),
    "analytics": frozenset({"analytics"}),
}
"""Cadence → the types of sync after which it has nothing left to do."""
CATCH_UP: Mapping[Cadence, timedelta] = {
    # Half a day: the last slot of the evening is made up for until the shop opens again, and a nightly reading that is
    # later than noon is left to the next night, out of the shop's busiest hours.
    "full": timedelta(hours=12),
    "incremental": timedelta(hours=12),
    "customers": timedelta(hours=12),
    # What lands is transformed anyway; this cadence is for the time that passes, and is worth nothing afterwards.
    "analytics": timedelta(minutes=30),
}
"""Cadence → how old a slot may be and still be answered."""
LONGEST_LOOK_BACK = timedelta(hours=50)
"""No slot that is asked for lies further back: a day, one that the zone left out, and two hours of changing clocks."""
GRACE = timedelta(minutes=10)
"""Whoever connects a shop mostly syncs it at once; only then does the cadence make its first full sync."""
MOST_LAUNCHES = 3
"""For one slot of one shop: a crash may be chance, and so may the second; a third has a cause that trying hides."""
SHOPS_A_RUN = 25
"""A run costs 4 CPU seconds before it does anything, 0.16 s a shop among 25; and a run that dies takes 25 along."""
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SyncRun:
    """A run of the orchestrator that syncs shops; `launched_for` is the tick (aware) that launched it."""

    id: str
    sync_type: str
    integration_ids: Collection[str]
    is_under_way: bool
    """From the queue to its end."""
    cadence: str | None = None
    launched_for: datetime | None = None


@dataclass(frozen=True)
class Transform:
    """A run that brings the marts of all shops up to date."""

    started_at: datetime | None
    is_under_way: bool
    is_success: bool
    launched_for: datetime | None = None


@dataclass(frozen=True)
class Situation:
    """What a tick finds: integration id → what was started lately; runs; and the shops that a circuit keeps waiting."""

    histories: Mapping[str, ShopHistory] = field(default_factory=dict)
    runs: Sequence[SyncRun] = ()
    resting: Collection[str] = frozenset()


def is_syncable(shop: Integration) -> bool:
    """Tell whether any cadence may sync the shop: connected and not paused."""
    return shop.status in SYNCABLE and not settings_of(shop).paused


def due(cadence: Cadence, shops: Iterable[Integration], now: datetime, situation: Situation) -> list[Integration]:
    """Return the shops to sync at a tick, in the order given. `now` is the tick's time (aware)."""
    return [shop for shop in shops if is_syncable(shop) and _is_due(cadence, shop, now, situation)]


def live_slot(cadence: Cadence, shop: Integration, now: datetime) -> datetime | None:
    """Return the shop's latest slot (UTC), unless it is too old to be answered or from before the shop was in use."""
    slot = latest_slot(cadence, settings_of(shop), shop.timezone, now)
    in_use_since = _in_use_since(shop)
    if slot is None or now - slot > CATCH_UP[cadence] or (in_use_since is not None and slot < in_use_since):
        return None
    return slot


def analytics_slot(shops: Iterable[Integration], now: datetime) -> datetime | None:
    """Return the latest half-hour (UTC) that struck in a shop in its business hours, if one is to be answered."""
    slots = [live_slot("analytics", shop, now) for shop in shops if is_syncable(shop)]
    return max((slot for slot in slots if slot is not None), default=None)


def is_transform_due(slot: datetime, transforms: Collection[Transform]) -> bool:
    """Tell whether a half-hour is still to be answered: one run for all shops, whoever launched it, at a time."""
    if any(run.is_under_way for run in transforms):
        return False
    if any(run.is_success and run.started_at is not None and run.started_at >= slot for run in transforms):
        return False
    launches = [run for run in transforms if run.launched_for is not None and run.launched_for >= slot]
    return len(launches) < MOST_LAUNCHES


def shards(shops: Iterable[Integration]) -> dict[str, int]:
    """Return integration id → shard: at most `SHOPS_A_RUN` shops that neighbour each other in time.

    All shops are dealt out, due or not, so that every cadence and a tick that is evaluated again find the same shards,
    and two runs over the same shop are of one shard. Shops whose hours strike together are due together: to be in one
    shard saves runs.
    """
    ordered = sorted(shops, key=_place)
    return {shop.id: number // SHOPS_A_RUN for number, shop in enumerate(ordered)}


def settings_of(shop: Integration) -> ShopSettings:
    """Return the shop's settings. With some that cannot be meant it keeps the usual hours, paused or not.

    Its sync then fails and says what is wrong with them, where everybody looks for errors.
    """
    try:
        return shop.settings
    except InvalidSettings:
        return ShopSettings(
            paused=isinstance(shop.sync_settings, Mapping) and not shop.sync_settings.get("autoSync", 1)
        )


def _is_due(cadence: Cadence, shop: Integration, now: datetime, situation: Situation) -> bool:
    history = situation.histories.get(shop.id, ShopHistory())
    slot = _slot_to_answer(cadence, shop, now, history)
    if slot is None or shop.id in situation.resting:
        return False
    runs = [run for run in situation.runs if shop.id in run.integration_ids]
    under_way = {run.id for run in situation.runs if run.is_under_way}
    # In progress, but its run is over: its process died, and the work is still to be done.
    alive = [start for start in history.starts if not _is_dead(start, under_way)]
    if any(start.is_running and start.run_id in under_way for start in alive):
        return False  # its lock is held; once it is free, what is left is decided anew
    if any(start.started_at >= slot and start.sync_type in COVERED_BY[cadence] for start in alive):
        return False
    return not _is_promised(cadence, runs, history) and _launches(cadence, runs, slot) < MOST_LAUNCHES


def _slot_to_answer(cadence: Cadence, shop: Integration, now: datetime, history: ShopHistory) -> datetime | None:
    if cadence != "full" or history.was_read_whole:
        return live_slot(cadence, shop, now)
    # A shop that was never read whole is not made to wait for the night.
    in_use_since = _in_use_since(shop)
    if in_use_since is not None and now - in_use_since < GRACE:
        return None
    return latest_slot(cadence, settings_of(shop), shop.timezone, now)


def _is_dead(start: LastStart, under_way: Collection[str]) -> bool:
    return start.is_running and start.run_id is not None and start.run_id not in under_way


def _is_promised(cadence: Cadence, runs: Iterable[SyncRun], history: ShopHistory) -> bool:
    """Tell whether a run is on its way to the shop and has not come to it yet."""
    begun = {start.run_id for start in history.starts}
    return any(run.is_under_way and run.sync_type in COVERED_BY[cadence] and run.id not in begun for run in runs)


def _launches(cadence: Cadence, runs: Iterable[SyncRun], slot: datetime) -> int:
    return sum(run.cadence == cadence and run.launched_for is not None and run.launched_for >= slot for run in runs)


def _in_use_since(shop: Integration) -> datetime | None:
    moments = (shop.authenticated_at, settings_of(shop).resumed_at)
    return max((moment for moment in moments if moment is not None), default=None)


def _place(shop: Integration) -> tuple[timedelta, str, datetime, str]:
    # The offset of one fixed day: today's would deal the shards anew whenever somewhere the clocks change.
    offset = _REFERENCE.astimezone(zone_of(shop.timezone)).utcoffset() or timedelta()
    return (offset, shop.timezone, shop.created_at, shop.id)
