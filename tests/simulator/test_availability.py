"""Free times are half hours in which a barber is at work and has nobody in the chair."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


@pytest.fixture
def account(clock: Clock) -> Account:
    shop = Shop.generate(
        seed=7, clock=clock, appointments=2000, timezone="America/New_York", modes=Modes(availability="honoured")
    )
    return Account(shop, Simulator([shop], clock=clock)).log_in()


def test_a_rolling_week_is_shown_whatever_is_asked(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    service = account.page("services")[0]["id"]
    days = account.get("available-times", service=service, calendar_start_date="2027-01-01").json()
    assert [day["date"] for day in days] == [str(date(2026, 3, 2) + timedelta(days=n)) for n in range(7)]
    assert account.get("available-times", service=0).status_code == 422


def test_no_free_time_collides_with_an_appointment(account: Account) -> None:
    service = next(s for s in account.page("services") if s["duration"] == 2700)
    answer = account.get(
        "available-times",
        service=service["id"],
        calendar_start_date="2026-03-03",
        calendar_end_date="2026-03-10",
    ).json()
    taken = [a for a in account.shop.truth().appointments if a.status in ("approved", "pending")]
    free = 0
    for day in answer:
        for slot in day["timeSlots"]:
            local = datetime.fromisoformat(f"{day['date']}T{slot['time']}").replace(tzinfo=ZoneInfo("America/New_York"))
            start = local.astimezone(UTC)
            busy = {
                employee
                for a in taken
                if a.starts_at < start + timedelta(minutes=45) and a.ends_at > start
                for employee in a.employee_ids
            }
            assert not busy & {str(employee) for employee in slot["employees"]}
            assert slot["services"] == [service["id"]]
            free += 1
    assert [day["date"] for day in answer] == [f"2026-03-{n:02d}" for n in range(3, 11)]
    assert free > 10


def test_a_closed_day_has_no_slots(account: Account) -> None:
    service = account.page("services")[0]["id"]
    answer = account.get(
        "available-times", service=service, calendar_start_date="2026-03-08", calendar_end_date="2026-03-08"
    ).json()
    assert answer == [{"date": "2026-03-08", "timeSlots": []}]
