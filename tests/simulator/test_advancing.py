"""The past is stable: as the clock advances, what was there stays, and what is shown is what had been made by then."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock
from simulator.columns import DELETED
from simulator.server import Request, Simulator
from simulator.shop import Shop
from simulator.story import tell
from tests.simulator.account import Account

START = datetime(2025, 10, 1, 8, tzinfo=UTC)
steps = st.lists(st.integers(1, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds)), min_size=1, max_size=5)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 50), advances=steps)
def test_advancing_the_clock_changes_no_id_and_no_creation(seed: int, advances: list[timedelta]) -> None:
    clock = Clock(frozen_at=START)
    shop = Shop.generate(seed=seed, clock=clock, appointments=250, opening=date(2025, 6, 2))
    known: dict[str, datetime] = {}
    for advance in advances:
        truth = shop.truth()
        now = {a.id: a.created_at for a in truth.appointments}
        assert all(created <= clock.now() for created in now.values())
        assert all(now[i] == created for i, created in known.items() if i in now)
        assert all(c.created_at <= clock.now() for c in truth.customers)
        known |= now
        clock.advance(advance)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 50), advance=st.integers(0, 300 * 86_400))
def test_shown_is_what_was_made_by_then_and_not_deleted(seed: int, advance: int) -> None:
    clock = Clock(frozen_at=START + timedelta(seconds=advance))
    shop = Shop.generate(seed=seed, clock=clock, appointments=250, opening=date(2025, 6, 2))
    state = shop.state()
    base, events = state.book.appointments, state.book.events
    deleted = events.row[(events.field == DELETED) & (events.moment <= clock.seconds())]
    expected = set(np.flatnonzero(base.created <= clock.seconds()).tolist()) - set(deleted.tolist())
    assert set(state.rows.tolist()) == expected
    assert {int(a.id) for a in shop.truth().appointments} == set(base.number[state.rows].tolist())


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 50), advances=steps)
def test_a_clock_that_was_advanced_shows_what_a_clock_set_there_shows(seed: int, advances: list[timedelta]) -> None:
    moved = Clock(frozen_at=START)
    old = Shop.generate(seed=seed, clock=moved, appointments=250)
    old.truth()
    for advance in advances:
        moved.advance(advance)
    new = Shop.generate(seed=seed, clock=Clock(frozen_at=moved.now()), appointments=250)
    assert old.truth() == new.truth()


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 50), days=st.integers(300, 500), more=st.integers(1, 400))
def test_a_story_told_further_begins_the_same(seed: int, days: int, more: int) -> None:
    """Everything made up to 110 days before the shorter story's end is in the longer one, at the same place."""
    plan = Shop.generate(seed=seed, clock=Clock(frozen_at=START), appointments=1200, opening=date(2025, 3, 3)).plan
    short, long = tell(plan, days), tell(plan, days + more)
    sure = plan.instant_of_day(days - 110)
    count = int(np.searchsorted(short.appointments.created, sure))
    assert count > 100
    for name in vars(short.appointments):
        one, other = getattr(short.appointments, name)[:count], getattr(long.appointments, name)[:count]
        assert np.array_equal(one, other), name
    until = short.events.until(sure)
    assert np.array_equal(short.events.row[:until], long.events.row[:until])
    assert np.array_equal(short.events.value[:until], long.events.value[:until])


def test_pages_of_one_moment_are_byte_identical(clock: Clock) -> None:
    bodies = []
    for _ in range(2):
        shop = Shop.generate(seed=9, clock=clock, appointments=200)
        simulator = Simulator([shop], clock=clock)
        headers = {"authorization": str(Account(shop, simulator).log_in().http.headers["Authorization"])}
        pages = [simulator.answer(Request("GET", "/api/v2/appointments", f"page={n}", headers)) for n in range(1, 6)]
        bodies.append([page.body for page in pages])
    assert bodies[0] == bodies[1]
