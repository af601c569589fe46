"""Vectorised zones agree with the standard library, also where the wall clock jumps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.places import PLACES
from simulator.zones import Zone

ZONES = [*(place.timezone for place in PLACES), "Africa/Casablanca", "Europe/Dublin", "UTC"]


@pytest.mark.parametrize("name", ZONES)
def test_offsets_equal_the_standard_librarys_on_every_hour_of_three_years(name: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    instants = int(start.timestamp()) + np.arange(0, 3 * 366 * 24) * 3600
    zone = ZoneInfo(name)
    expected = [
        int((datetime.fromtimestamp(i, zone).utcoffset() or timedelta()).total_seconds()) for i in instants.tolist()
    ]
    assert Zone(name).offsets_at(instants).tolist() == expected


@pytest.mark.parametrize("name", ZONES)
def test_wall_clock_times_turn_into_the_instants_of_the_standard_library(name: str) -> None:
    """Also in the fold, where the first of the two is meant, and in the gap, where the time does not exist."""
    zone = ZoneInfo(name)
    walls = [datetime(2025, 1, 1) + timedelta(minutes=30 * n) for n in range(365 * 48)]  # noqa: DTZ001
    seconds = np.array([(wall - datetime(1970, 1, 1)) // timedelta(seconds=1) for wall in walls])  # noqa: DTZ001
    expected = [int(wall.replace(tzinfo=zone).timestamp()) for wall in walls]
    assert Zone(name).instants(seconds).tolist() == expected
