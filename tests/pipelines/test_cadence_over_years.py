"""Six years of slots in twelve zones, against a wall clock that is watched every quarter of an hour (O4)."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ingestion.control.last_starts import LastStart, ShopHistory
from ingestion.control.shop_settings import ShopSettings
from pipelines.cadence import Situation, due
from pipelines.slots import Cadence, latest_slot, slots_of
from tests.pipelines.shops import integration

ZONES = (
    "UTC",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
)
QUARTER = timedelta(minutes=15)
FIRST, LAST = date(2025, 1, 1), date(2030, 12, 31)
SETTINGS = ShopSettings(opens_at=0, closes_at=23)
"""Open all day, so that business hours meet every gap and fold there is."""


def days() -> Iterator[date]:
    day = FIRST
    while day <= LAST:
        yield day
        day += timedelta(days=1)


@cache
def reached(zone_name: str) -> dict[datetime, datetime]:
    """Return for every half-hour of the wall clock (naive) the first moment at which the clock stood there or later."""
    zone = ZoneInfo(zone_name)
    moment = datetime(2024, 12, 30, tzinfo=UTC)
    wanted = datetime(2024, 12, 31)  # noqa: DTZ001 -- a reading of a wall clock
    found: dict[datetime, datetime] = {}
    while wanted.date() <= LAST:
        if moment.astimezone(zone).replace(tzinfo=None) >= wanted:
            found[wanted] = moment
            wanted += timedelta(minutes=30)
        else:
            moment += QUARTER
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_every_local_day_is_read_whole_exactly_once(zone: str) -> None:
    for full_at in (0, 2, 3):
        slots = [slots_of("full", ShopSettings(full_at=full_at), ZoneInfo(zone), day) for day in days()]
        expected = [reached(zone)[datetime.combine(day, time(full_at))] for day in days()]
        assert slots == [(moment,) for moment in expected]
    assert len(set(expected)) == len(list(days()))


@pytest.mark.parametrize("zone", ZONES)
def test_hourly_is_once_for_every_hour_that_is_open_and_never_twice_in_a_fold(zone: str) -> None:
    for day in days():
        expected = tuple(reached(zone)[datetime.combine(day, time(hour))] for hour in range(24))
        assert slots_of("incremental", SETTINGS, ZoneInfo(zone), day) == expected, day
        if day.month in (3, 4, 9, 10, 11):  # when clocks change, somewhere
            assert slots_of("incremental", ShopSettings(), ZoneInfo(zone), day) == expected[8:21], day


@pytest.mark.parametrize("zone", ZONES)
def test_analytics_is_every_half_hour_that_is_open(zone: str) -> None:
    times = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
    slots: list[datetime] = []
    for day in days():
        expected = tuple(reached(zone)[datetime.combine(day, at)] for at in times)
        found = slots_of("analytics", SETTINGS, ZoneInfo(zone), day)
        assert found == expected, day
        slots += found
    steps = Counter(later - earlier for earlier, later in pairwise(slots))
    # Half an hour lies between two slots; less where they fall together in a gap, and up to an hour more at a fold.
    assert max(steps) <= timedelta(minutes=90)
    assert steps[timedelta(minutes=30)] > 0.999 * len(slots)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cadence", ["full", "customers", "incremental"])
def test_the_latest_slot_changes_at_the_slots_and_nowhere_else(cadence: Cadence, zone: str) -> None:
    settings = ShopSettings(customers_at=(0, 1, 23))
    of_2026 = [day for day in days() if day.year == 2026]
    slots = sorted({slot for day in of_2026 for slot in slots_of(cadence, settings, ZoneInfo(zone), day)})
    for before, slot in pairwise(slots):
        assert latest_slot(cadence, settings, zone, slot - timedelta(seconds=1)) == before
        assert latest_slot(cadence, settings, zone, slot) == slot


def changes_of(zone: str) -> list[datetime]:
    """Return the middays after the nights in which the zone's clocks change."""
    middays = [datetime.combine(day, time(12), ZoneInfo(zone)) for day in days()]
    return [later for earlier, later in pairwise(middays) if earlier.utcoffset() != later.utcoffset()]


@pytest.mark.parametrize("zone", [zone for zone in ZONES if changes_of(zone)])
@pytest.mark.parametrize(("cadence", "hours"), [("full", {2}), ("incremental", set(range(24)))])
def test_a_shop_is_synced_once_a_slot_on_the_days_when_the_clocks_change(
    cadence: Cadence, hours: set[int], zone: str
) -> None:
    shop = integration("one", timezone=zone, settings={"businessHours": {"opensAt": 0, "closesAt": 23}})
    for midday in changes_of(zone)[:4]:
        end = midday.astimezone(UTC)
        now = (midday - timedelta(days=1)).astimezone(UTC)
        history, synced = ShopHistory(was_read_whole=True), []
        while now <= end:
            if due(cadence, [shop], now, Situation({shop.id: history})):
                history = ShopHistory((LastStart(cadence, now, None, is_running=False),), was_read_whole=True)
                synced.append(now)
            now += timedelta(minutes=5)
        first, *then = synced  # the first makes up for what was due before we looked
        struck = {slot for wall, slot in reached(zone).items() if wall.minute == 0 and wall.hour in hours}
        assert then == sorted(slot for slot in struck if first < slot <= end)
