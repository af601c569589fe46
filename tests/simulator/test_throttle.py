"""Throttling, off unless a mode turns it on, follows the simulator's clock and each shop's own bucket."""

from datetime import timedelta

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


def test_nothing_is_throttled_by_default(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    assert {account.get("locations").status_code for _ in range(200)} == {200}


def test_a_shop_that_asks_too_often_waits_and_others_do_not(clock: Clock) -> None:
    hasty, calm = (
        Shop.generate(seed=7, number=number, clock=clock, modes=Modes(requests_per_minute=6)) for number in (1, 2)
    )
    both = Simulator([hasty, calm], clock=clock)
    first, second = Account(hasty, both).log_in(), Account(calm, both).log_in()
    assert [first.get("services").status_code for _ in range(7)] == [200] * 6 + [429]
    refusal = first.get("services")
    assert refusal.headers["Retry-After"] == "10"
    assert refusal.json() == {"message": "Too Many Attempts."}
    assert second.get("services").status_code == 200
    clock.advance(timedelta(seconds=10))
    assert [first.get("services").status_code for _ in range(2)] == [200, 429]


def test_the_wait_is_never_stated_as_less_than_two_seconds(clock: Clock) -> None:
    shop = Shop.generate(seed=7, clock=clock, modes=Modes(requests_per_minute=100))
    account = Account(shop, Simulator([shop], clock=clock)).log_in()
    answers = [account.get("services") for _ in range(101)]
    assert answers[-1].headers["Retry-After"] == "2"
