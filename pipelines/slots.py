"""When the cadences strike in a shop: times of its local day as moments in UTC.

A time that the clocks leave out when they go forward strikes at the first moment after the gap; one that they show
twice when they go back strikes the first time. So each local day has each of its times once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from ingestion.control.shop_settings import ShopSettings

SyncCadence = Literal["full", "incremental", "customers"]
Cadence = SyncCadence | Literal["analytics"]

_MIDNIGHT = time(0)


def latest_slot(cadence: Cadence, settings: ShopSettings, timezone: str, now: datetime) -> datetime | None:
    """Return when the cadence last struck at or before `now`; both aware UTC. None when it is switched off."""
    zone = zone_of(timezone)
    today = now.astimezone(zone).date()
    # Clocks that go back over midnight show yesterday again when a time of today has struck already.
    for days in (1, 0, -1, -2):
        slots = slots_of(cadence, settings, zone, today + timedelta(days=days))
        if slots and slots[0] <= now:
            return slots[bisect_right(slots, now) - 1]
    return None


def slots_of(cadence: Cadence, settings: ShopSettings, zone: ZoneInfo, day: date) -> Sequence[datetime]:
    """Return the moments (UTC) at which the cadence strikes on a local day, in order; two may be one in a gap."""
    return _moments(day, _times_of_day(cadence, settings), zone)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) at which the zone's clocks show that time, or have just jumped over it."""
    wall = datetime.combine(day, at, zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    return _end_of_gap(wall, zone)


def zone_of(timezone: str) -> ZoneInfo:
    """Return the zone of that IANA name, or UTC when there is none, as the warehouse does."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=4_096)
def _moments(day: date, times: tuple[time, ...], zone: ZoneInfo) -> Sequence[datetime]:
    """Remembered, because shops of one zone mostly keep the same hours, and every tick asks for the same days."""
    if moment_of(day, _MIDNIGHT, zone).astimezone(zone).date() != day:
        return ()  # a day that the zone left out, as Samoa did its 30 December 2011
    return tuple(moment_of(day, at, zone) for at in times)


def _times_of_day(cadence: Cadence, settings: ShopSettings) -> tuple[time, ...]:
    if cadence == "full":
        return (time(settings.full_at),)
    if cadence == "customers":
        return tuple(time(hour) for hour in settings.customers_at)
    hours = range(settings.opens_at, settings.closes_at + 1)
    if cadence == "analytics":
        return tuple(time(hour, minute) for hour in hours for minute in (0, 30))
    return tuple(time(hour) for hour in hours[:: settings.incremental_hours]) if settings.incremental_hours else ()


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which the clocks went forward over `wall`, found by halving, to the second."""
    before, after = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    assert before is not None  # noqa: S101 -- `wall` has a zone
    assert after is not None  # noqa: S101
    naive = wall.replace(tzinfo=UTC)
    low, high = naive - after, naive - before
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)
