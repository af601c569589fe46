"""Many shops cost nothing until they are asked for; big ones fit in memory as arrays."""

import tracemalloc
from datetime import timedelta

import pytest

from simulator.clock import Clock
from simulator.family import demo_shops
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


def test_two_hundred_shops_are_told_only_when_asked_for(clock: Clock) -> None:
    shops = demo_shops(200, seed=1, clock=clock, appointments=5000)
    simulator = Simulator(shops, clock=clock)
    assert len({shop.client_id for shop in shops}) == len({shop.name for shop in shops}) == 200
    account = Account(shops[120], simulator).log_in()
    assert account.get("appointments").json()["pagination"]["total"] > 1000
    assert [shop.number for shop in shops if shop._story is not None] == [121]


def test_a_hundred_thousand_appointments_stay_arrays(clock: Clock) -> None:
    tracemalloc.start()
    try:
        shop = Shop.generate(seed=1, clock=clock, appointments=100_000)
        count = shop.counts()["appointments"]
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count > 90_000
    assert held < 40e6
    assert peak < 80e6


def test_a_state_is_computed_once_while_nothing_happens(clock: Clock) -> None:
    shop = Shop.generate(seed=1, clock=clock, appointments=1000)
    before = shop.state()
    clock.advance(timedelta(seconds=1))
    assert shop.state().rows is before.rows
    clock.advance(timedelta(days=3))
    assert shop.state().rows is not before.rows


@pytest.mark.slow
def test_a_million_appointments_can_be_told_and_paged(clock: Clock) -> None:
    shop = Shop.generate(seed=1, clock=clock, appointments=1_000_000)
    account = Account(shop, Simulator([shop], clock=clock)).log_in()
    total = account.get("appointments").json()["pagination"]["total"]
    assert abs(total / 1_000_000 - 1) < 0.05
    assert len(account.page("appointments", page=total // 100, limit=100)) == 100
    tracemalloc.start()
    try:
        account.page("appointments", page=5000, limit=100)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
