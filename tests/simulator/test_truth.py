"""What the API shows in any mixture of modes, read back independently, is the truth; and the truth is consistent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account
from tests.simulator.reading import appointment, as_read


@settings(deadline=None, max_examples=40)
@given(mixture=st.integers(0, 10_000), seed=st.integers(0, 30))
def test_every_awkward_mixture_still_tells_the_truth(mixture: int, seed: int) -> None:
    clock = Clock(frozen_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    modes = Modes.awkward(mixture)
    shop = Shop.generate(seed=seed, clock=clock, appointments=60, modes=modes)
    account = Account(shop, Simulator([shop], clock=clock)).log_in()
    truth = shop.truth()
    shown = {r["id"]: r for r in (appointment(x, shop.timezone, modes) for x in account.sweep("appointments"))}
    assert shown == {a.id: as_read(a) for a in truth.appointments}
    names = {(str(r["id"]), r["first_name"], r["email"], r["phone_number"]) for r in account.sweep("customers")}
    assert names == {(c.id, c.first_name, c.email, c.phone_number) for c in truth.customers}
    assert {str(r["id"]) for r in account.sweep("services")} == {s.id for s in truth.services}


def test_awkward_mixtures_vary_and_repeat() -> None:
    mixtures = [Modes.awkward(seed) for seed in range(50)]
    assert len(set(mixtures)) == 50
    assert mixtures[7] == Modes.awkward(7)
    assert {mixture.plan for mixture in mixtures} == {"with_api"}
    assert {Modes.awkward(seed, lossy=True).page for seed in range(50)} == {"honoured", "ignored"}


def test_the_truth_does_not_depend_on_the_modes(clock: Clock) -> None:
    truths = [
        Shop.generate(seed=7, clock=clock, appointments=200, modes=modes).truth()
        for modes in (Modes(), Modes.awkward(1), Modes.awkward(2, lossy=True))
    ]
    assert truths[0] == truths[1] == truths[2]


def test_every_reference_in_the_truth_leads_somewhere(shop: Shop) -> None:
    truth = shop.truth()
    customers, services = {c.id for c in truth.customers}, {s.id for s in truth.services}
    employees, locations = {e.id for e in truth.employees}, {place.id for place in truth.locations}
    for record in truth.appointments:
        assert record.service_id in services
        assert record.location_id is None or record.location_id in locations
        assert set(record.employee_ids) <= employees
        assert {booking.customer_id for booking in record.bookings} <= customers
    assert truth.counts == shop.counts()


def test_a_price_is_known_at_any_moment(shop: Shop, clock: Clock) -> None:
    before = shop.truth().services[0]
    clock.advance(timedelta(hours=1))
    changed_at = clock.now()
    shop.change_price(before.id, before.price + 5)
    clock.advance(timedelta(hours=1))
    after = shop.truth().services[0]
    assert after.price == after.price_at(clock.now()) == before.price + 5
    assert after.price_at(changed_at - timedelta(seconds=1)) == before.price
    assert isinstance(after.price, Decimal)
    assert after.price_at(datetime(1990, 1, 1, tzinfo=UTC)) == after.prices[0][1]
