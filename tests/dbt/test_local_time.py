"""5,000 bookings around clock changes in twelve zones: the warehouse's local days and hours are zoneinfo's (O5)."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.dbt.raw_log import FIRST_LOAD, Version, appointment
from tests.dbt.warehouse import Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]
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
A_ZONE = 417
"""Bookings: 5,004 in all."""
EDGES = [timedelta(seconds=seconds) for seconds in (-3_601, -3_600, -1_800, -1, 0, 1, 1_800, 3_599, 3_600)]
"""Around a change of the clocks: both ends of a gap and of both hours of a fold, to the second."""
AS_OF = datetime(2031, 1, 1, tzinfo=UTC)


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments of 2025 to 2030 at which the zone's clocks change, to the quarter of an hour."""
    quarter = timedelta(minutes=15)
    days = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(6 * 365)]
    for day, next_day in pairwise(days):
        if day.astimezone(zone).utcoffset() != next_day.astimezone(zone).utcoffset():
            while day.astimezone(zone).utcoffset() == (day + quarter).astimezone(zone).utcoffset():
                day += quarter
            yield day + quarter


def starts(zone: ZoneInfo, chance: random.Random) -> list[datetime]:
    """Return different moments, most of them within two days of a change of the clocks if the zone has any."""
    turns = list(changes(zone)) or [datetime(year, 3, 29, tzinfo=UTC) for year in range(2025, 2031)]
    chosen = {turn + edge for turn in turns for edge in EDGES}
    while len(chosen) < A_ZONE:
        chosen.add(chance.choice(turns) + timedelta(minutes=chance.randint(-2_880, 2_880)))
    return sorted(chosen)


def test_the_days_and_hours_of_the_warehouse_are_those_of_the_shop_s_wall(warehouse: Warehouse) -> None:
    chance = random.Random(5)
    zones: dict[str, ZoneInfo] = {}
    versions: list[Version] = []
    for name in ZONES:
        shop = warehouse.log.add_shop(name)
        zones[shop.integration_id] = ZoneInfo(name)
        versions += [
            appointment(shop, str(number), FIRST_LOAD, starts_at=moment, minutes=10)
            for number, moment in enumerate(starts(zones[shop.integration_id], chance))
        ]
    assert len(versions) > 5_000
    with warehouse.connection.transaction():
        warehouse.log.load(versions)
    warehouse.project.run(AS_OF)

    expected = {
        (version.shop.integration_id, version.external_id): version.values["starts_at"].astimezone(
            zones[version.shop.integration_id]
        )
        for version in versions
    }
    found = {
        (row["integration_id"], row["appointment_id"]): (row["scheduled_on"], row["scheduled_hour"])
        for row in warehouse.rows("select * from intermediate.int_bookings__priced")
    }
    wrong = {
        key: (wall, found.get(key)) for key, wall in expected.items() if found.get(key) != (wall.date(), wall.hour)
    }
    assert wrong == {}
    days = {
        (row["integration_id"], row["date"]): row["external_appointments"]
        for row in warehouse.mart("integration_analytics")
        if row["period_type"] == "daily"
    }
    assert days == Counter((integration_id, wall.date()) for (integration_id, _), wall in expected.items())
