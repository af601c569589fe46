"""Closed days are the real ones, and shops observe them."""

from datetime import date, timedelta

import numpy as np
import pytest

from simulator.clock import Clock
from simulator.holidays import holidays
from simulator.places import PLACES, Place
from simulator.shop import Shop


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("US", date(2025, 11, 27)),
        ("US", date(2026, 5, 25)),
        ("GB", date(2026, 4, 3)),
        ("GB", date(2026, 4, 6)),
        ("DE", date(2025, 5, 29)),
        ("DE", date(2025, 6, 9)),
        ("CA", date(2026, 10, 12)),
        ("AU", date(2024, 3, 29)),
    ],
)
def test_movable_feasts_fall_on_their_days(country: str, day: date) -> None:
    first = date(2024, 1, 1)
    assert (day - first).days in holidays(country, first, 366 * 3)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.country)
def test_nobody_is_booked_on_a_holiday(place: Place, clock: Clock) -> None:
    shop = Shop.generate(seed=3, clock=clock, appointments=2000, timezone=place.timezone)
    plan, state = shop.plan, shop.state()
    closed = holidays(shop.place.country, plan.opening, 800)
    days = plan.zone.wall(state.start[state.rows]) // 86_400 - plan.opening_day
    assert len(closed) > 3
    assert not np.isin(days, list(closed)).any()
    assert plan.opening + timedelta(days=int(days.max())) > plan.until
