"""Lists that move while they are being read: by hand between two pages, or because time passes with every page."""

from datetime import timedelta

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


def ids(account: Account, page: int) -> list[int]:
    return [record["id"] for record in account.page("appointments", page=page, limit=10)]


def test_a_row_inserted_between_two_pages_shows_one_row_twice(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    answered: list[int] = []

    def insert(page: int) -> None:
        answered.append(page)
        if page == 1:
            shop.add_appointment(starts_at=shop.clock.now() + timedelta(days=1))

    simulator.after_each_page("appointments", insert)
    first, second = ids(account, 1), ids(account, 2)
    account.page("customers")
    assert answered == [1, 2]
    assert first[-1] == second[0]


def test_a_row_deleted_between_two_pages_hides_another(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    truth = [int(a.id) for a in reversed(shop.truth().appointments)]
    simulator.after_each_page("appointments", lambda page: shop.delete_appointment(truth[3]) if page == 1 else None)
    read = ids(account, 1) + ids(account, 2)
    assert len(set(read)) == 20
    assert set(truth[:21]) - set(read) == {truth[10]}


def test_time_may_pass_with_every_page_and_always_alike(clock: Clock) -> None:
    """A busy shop whose clock moves a day and a half per page: rows arrive while paging, the same ones every time."""
    scans = []
    for _ in range(2):
        own = Clock(frozen_at=clock.now())
        modes = Modes(seconds_per_page=129_600, token_seconds=10**8)
        shop = Shop.generate(seed=7, clock=own, appointments=3000, modes=modes)
        account = Account(shop, Simulator([shop], clock=own)).log_in()
        scans.append([ids(account, page) for page in range(1, 8)])
        assert own.now() == clock.now() + 7 * timedelta(days=1.5)
    assert scans[0] == scans[1]
    flat = [number for page in scans[0] for number in page]
    assert len(set(flat)) < len(flat)
