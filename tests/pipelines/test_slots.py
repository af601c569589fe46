"""When a cadence strikes, in the zones where that is hard to say."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ingestion.control.shop_settings import ShopSettings
from pipelines.slots import Cadence, latest_slot, moment_of, slots_of, zone_of


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hour", "expected"),
    [
        ("UTC", "2026-03-08", 2, "2026-03-08 02:00"),
        ("America/New_York", "2026-03-07", 2, "2026-03-07 07:00"),
        # Gaps: the first moment after them.
        ("America/New_York", "2026-03-08", 2, "2026-03-08 07:00"),
        ("Europe/London", "2026-03-29", 1, "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29", 2, "2026-03-29 01:00"),
        ("America/St_Johns", "2026-03-08", 2, "2026-03-08 05:30"),
        ("Australia/Lord_Howe", "2026-10-04", 2, "2026-10-03 15:30"),
        ("Pacific/Chatham", "2026-09-27", 3, "2026-09-26 14:00"),
        # Gaps that begin at midnight, and one that ends there.
        ("America/Santiago", "2026-09-06", 0, "2026-09-06 04:00"),
        ("Africa/Cairo", "2026-04-24", 0, "2026-04-23 22:00"),
        ("America/Nuuk", "2026-03-28", 23, "2026-03-29 01:00"),
        # Folds: the first of the two.
        ("America/New_York", "2026-11-01", 1, "2026-11-01 05:00"),
        ("Europe/London", "2026-10-25", 1, "2026-10-25 00:00"),
        ("America/Santiago", "2026-04-04", 23, "2026-04-05 02:00"),
        ("America/Santiago", "2026-04-05", 0, "2026-04-05 04:00"),
        ("Australia/Lord_Howe", "2026-04-05", 2, "2026-04-04 15:30"),
        # Zones that are no whole hours away.
        ("Asia/Kolkata", "2026-03-08", 2, "2026-03-07 20:30"),
        ("Asia/Kathmandu", "2026-03-08", 2, "2026-03-07 20:15"),
        ("Pacific/Chatham", "2026-06-01", 2, "2026-05-31 13:15"),
        ("Pacific/Apia", "2026-03-08", 2, "2026-03-07 13:00"),
    ],
)
def test_a_local_time_is_a_moment(zone: str, day: str, hour: int, expected: str) -> None:
    assert moment_of(date.fromisoformat(day), time(hour), ZoneInfo(zone)) == utc(expected)


def test_a_gap_ends_to_the_second() -> None:
    # Liberia left its 44 minutes and 30 seconds at midnight.
    assert moment_of(date(1972, 1, 7), time(0, 15), ZoneInfo("Africa/Monrovia")) == utc("1972-01-07 00:44:30")


def test_a_day_that_a_zone_left_out_has_no_slots() -> None:
    days = [slots_of("full", ShopSettings(), ZoneInfo("Pacific/Apia"), date(2011, 12, day)) for day in (29, 30, 31)]
    assert days == [(utc("2011-12-29 12:00"),), (), (utc("2011-12-30 12:00"),)]


def test_a_zone_that_nobody_knows_is_utc_as_in_the_warehouse() -> None:
    assert zone_of("Mars/Olympus_Mons").key == "UTC"
    assert zone_of("").key == "UTC"
    assert zone_of("Europe/London").key == "Europe/London"


@pytest.mark.parametrize(
    ("cadence", "settings", "now", "expected"),
    [
        ("full", ShopSettings(), "2026-03-02 01:59", "2026-03-01 02:00"),
        ("full", ShopSettings(), "2026-03-02 02:00", "2026-03-02 02:00"),
        ("full", ShopSettings(full_at=22), "2026-03-02 21:59", "2026-03-01 22:00"),
        ("incremental", ShopSettings(), "2026-03-02 07:59", "2026-03-01 20:00"),
        ("incremental", ShopSettings(), "2026-03-02 08:00", "2026-03-02 08:00"),
        ("incremental", ShopSettings(), "2026-03-02 13:59", "2026-03-02 13:00"),
        ("incremental", ShopSettings(), "2026-03-02 23:30", "2026-03-02 20:00"),
        ("incremental", ShopSettings(incremental_hours=3), "2026-03-02 13:59", "2026-03-02 11:00"),
        (
            "incremental",
            ShopSettings(opens_at=9, closes_at=18, incremental_hours=4),
            "2026-03-02 23:59",
            "2026-03-02 17:00",
        ),
        ("incremental", ShopSettings(opens_at=0, closes_at=23), "2026-03-02 00:30", "2026-03-02 00:00"),
        ("incremental", ShopSettings(incremental_hours=None), "2026-03-02 13:59", None),
        ("customers", ShopSettings(), "2026-03-02 08:59", "2026-03-01 17:00"),
        ("customers", ShopSettings(), "2026-03-02 16:59", "2026-03-02 09:00"),
        ("customers", ShopSettings(customers_at=()), "2026-03-02 16:59", None),
        ("analytics", ShopSettings(), "2026-03-02 20:45", "2026-03-02 20:30"),
        ("analytics", ShopSettings(), "2026-03-02 08:29", "2026-03-02 08:00"),
    ],
)
def test_the_latest_slot_is_the_last_that_struck(
    cadence: Cadence, settings: ShopSettings, now: str, expected: str | None
) -> None:
    assert latest_slot(cadence, settings, "UTC", utc(now)) == (expected and utc(expected))


def test_an_hour_that_the_clocks_show_twice_strikes_once() -> None:
    settings = ShopSettings(opens_at=0, closes_at=3)
    slots = [
        latest_slot("incremental", settings, "Europe/London", utc(f"2026-10-25 {hour}")) for hour in ("00:59", "01:59")
    ]
    assert slots == [utc("2026-10-25 00:00")] * 2


def test_midnight_has_struck_although_the_clocks_show_yesterday_again() -> None:
    # Newfoundland went back from 00:01 to 23:01 until 2011.
    slot = latest_slot("full", ShopSettings(full_at=0), "America/St_Johns", utc("2010-11-07 02:45"))
    assert slot == utc("2010-11-07 02:30")
