"""The demo's shops differ where a demo should show differences, and repeat exactly."""

from datetime import UTC, datetime
from decimal import Decimal

from simulator.clock import Clock
from simulator.family import demo_shops
from simulator.shop import Shop

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_first_two_differ_in_zone_currency_and_manners() -> None:
    first, second = demo_shops(2, seed=1, clock=Clock(frozen_at=NOW))
    assert (first.timezone, first.currency) == ("America/New_York", "USD")
    assert (second.timezone, second.currency) == ("Europe/London", "GBP")
    assert first.name != second.name
    assert first.modes != second.modes
    assert second.modes.times == "iso_offset"


def test_the_same_arguments_give_the_same_shops_and_credentials() -> None:
    one, other = (demo_shops(3, seed=4, clock=Clock(frozen_at=NOW)) for _ in range(2))
    assert [(s.name, s.client_id, s.client_secret) for s in one] == [
        (s.name, s.client_id, s.client_secret) for s in other
    ]
    assert one[2].truth() == other[2].truth()
    assert demo_shops(1, seed=5, clock=Clock())[0].client_id != one[0].client_id


def test_a_demo_shop_earns_what_a_small_barbershop_earns() -> None:
    for shop in demo_shops(2, seed=1, clock=Clock(frozen_at=NOW)):
        truth = shop.truth()
        assert 300 < len(truth.appointments) < 1800
        services = {service.id: service for service in truth.services}
        done = [a for a in truth.appointments if a.status == "approved" and a.ends_at < truth.at]
        revenue = sum((services[a.service_id].price_at(a.created_at) for a in done), Decimal(0))
        assert 20 < revenue / len(done) < 60
        assert any(a.starts_at > truth.at for a in truth.appointments)


def test_a_shop_can_be_placed_by_zone_currency_or_both(clock: Clock) -> None:
    tokyo = Shop.generate(seed=1, clock=clock, timezone="Asia/Tokyo")
    yen = Shop.generate(seed=1, clock=clock, currency="JPY")
    mixed = Shop.generate(seed=1, clock=clock, timezone="Europe/Berlin", currency="KWD", name="Mixed")
    assert tokyo.currency == yen.currency == "JPY"
    assert (mixed.timezone, mixed.currency, mixed.name) == ("Europe/Berlin", "KWD", "Mixed")
    assert all(price % Decimal("0.25") == 0 for price in (s.price for s in mixed.truth().services))
