"""Edits change exactly what they say, from now on, and survive the story being told further."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.server import Simulator
from simulator.shop import Shop
from simulator.truth import TruthAppointment
from tests.simulator.account import Account

LATER = datetime(2026, 5, 5, 14, tzinfo=UTC)


def find(shop: Shop, appointment_id: str) -> TruthAppointment:
    return next(a for a in shop.truth().appointments if a.id == appointment_id)


@pytest.fixture
def victim(shop: Shop) -> TruthAppointment:
    """An appointment still to come."""
    return next(a for a in shop.truth().appointments if a.status == "approved" and a.starts_at > shop.clock.now())


EDITS: dict[str, tuple[Callable[[Shop, str], None], dict[str, Any]]] = {
    "cancel": (lambda shop, i: shop.cancel(i), {"status": "canceled"}),
    "no-show": (lambda shop, i: shop.mark_no_show(i), {"status": "no-show"}),
    "status": (lambda shop, i: shop.set_status(i, "pending"), {"status": "pending"}),
    "reschedule": (lambda shop, i: shop.reschedule(i, LATER), {"starts_at": LATER}),
    "note": (lambda shop, i: shop.change_note(i, "früher"), {"note": "früher"}),
    "no barber": (lambda shop, i: shop.assign(i, ()), {"employee_ids": ()}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_one_appointment_and_nothing_else(shop: Shop, victim: TruthAppointment, name: str) -> None:
    edit, expected = EDITS[name]
    before = {a.id: a for a in shop.truth().appointments}
    edit(shop, victim.id)
    after = {a.id: a for a in shop.truth().appointments}
    assert {i for i in before if before[i] != after[i]} == {victim.id}
    assert {field: getattr(after[victim.id], field) for field in expected} == expected
    if name == "reschedule":
        assert after[victim.id].ends_at - LATER == victim.ends_at - victim.starts_at


def test_an_edited_appointment_is_left_alone_by_its_story(clock: Clock) -> None:
    """Every appointment to come is moved; none is then canceled, moved or missed on its own."""
    shop = Shop.generate(seed=4, clock=clock, appointments=2000)
    coming = [a.id for a in shop.truth().appointments if a.starts_at > clock.now()]
    for appointment_id in coming:
        shop.reschedule(appointment_id, LATER)
    clock.advance(timedelta(days=100))
    after = {a.id: a for a in shop.truth().appointments}
    assert len(coming) > 10
    assert {after[i].starts_at for i in coming} == {LATER}
    assert {after[i].status for i in coming} <= {"approved", "pending", "canceled"}


def test_an_added_appointment_is_the_newest_and_takes_the_given_values(shop: Shop, simulator: Simulator) -> None:
    truth = shop.truth()
    service, employee, *customers = truth.services[2].id, truth.employees[1].id, *(c.id for c in truth.customers[3:5])
    new = shop.add_appointment(
        starts_at=LATER, service_id=service, employee_id=employee, customer_ids=customers, status="pending"
    )
    added = find(shop, new)
    assert (added.starts_at, added.status, added.created_at) == (LATER, "pending", shop.clock.now())
    assert (added.service_id, added.employee_ids) == (service, (employee,))
    assert [b.customer_id for b in added.bookings] == customers
    assert Account(shop, simulator).log_in().page("appointments")[0]["id"] == int(new)
    assert find(shop, shop.add_appointment(starts_at=LATER, customer_ids=())).bookings == ()


def test_added_records_can_be_edited_like_any_other(shop: Shop) -> None:
    customer = shop.add_customer("Ola", "Berg")
    new = shop.add_appointment(starts_at=LATER, customer_ids=[customer])
    shop.cancel(new)
    shop.rename_customer(customer, "Ole", "Berg")
    assert find(shop, new).status == "canceled"
    assert shop.truth().customers[-1].first_name == "Ole"


def test_a_deleted_appointment_is_gone_and_can_come_back(shop: Shop, victim: TruthAppointment) -> None:
    before = shop.truth()
    shop.delete_appointment(victim.id)
    assert victim.id not in {a.id for a in shop.truth().appointments}
    assert shop.counts()["appointments"] == len(before.appointments) - 1
    shop.restore_appointment(victim.id)
    assert shop.truth() == before


def test_one_booking_of_a_class_can_be_canceled(clock: Clock) -> None:
    shop = Shop.generate(seed=7, clock=clock, appointments=600)
    group = next(a for a in shop.truth().appointments if len([b for b in a.bookings if b.status == "approved"]) > 1)
    booking = next(b for b in group.bookings if b.status == "approved")
    shop.cancel_booking(booking.id)
    after = find(shop, group.id)
    assert after.status == "approved"
    changed = [new.id for old, new in zip(group.bookings, after.bookings, strict=True) if old != new]
    assert changed == [booking.id]


def test_a_renamed_customer_is_renamed_in_every_appointment(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    regular = next(b.customer_id for a in shop.truth().appointments for b in a.bookings)
    shop.rename_customer(regular, "Renée", "O'Dell")
    customers = [b["customer"] for r in account.sweep("appointments", limit=100) for b in r["bookings"]]
    names = {(c["first_name"], c["last_name"]) for c in customers if str(c["id"]) == regular}
    assert names == {("Renée", "O'Dell")}


def test_a_deleted_customer_leaves_the_list_but_not_the_appointments(shop: Shop, simulator: Simulator) -> None:
    account = Account(shop, simulator).log_in()
    regular = next(b.customer_id for a in shop.truth().appointments for b in a.bookings)
    shop.delete_customer(regular)
    assert account.get(f"customers/{regular}").status_code == 404
    assert regular not in {c.id for c in shop.truth().customers}
    assert any(b.customer_id == regular for a in shop.truth().appointments for b in a.bookings)


@pytest.mark.parametrize("record", [None, 7, "text", {"id": None}, {"id": 1, "bookings": "x"}, [[]]])
def test_poison_is_shown_first_and_is_no_part_of_the_truth(shop: Shop, simulator: Simulator, record: Any) -> None:
    account = Account(shop, simulator).log_in()
    truth = shop.truth()
    shop.add_raw_record("appointments", record)
    answer = account.get("appointments", limit=100).json()
    assert answer["data"][0] == record
    assert len(answer["data"]) == 100
    assert answer["pagination"]["total"] == len(truth.appointments) + 1
    assert shop.truth() == truth
    pages = -(-answer["pagination"]["total"] // 100)
    rows = [r for n in range(1, pages + 1) for r in account.page("appointments", limit=100, page=n)]
    assert len(rows) == len(truth.appointments) + 1


def test_edits_survive_the_story_being_told_further(shop: Shop, victim: TruthAppointment, clock: Clock) -> None:
    shop.cancel(victim.id)
    new = shop.add_appointment(starts_at=LATER)
    customer = shop.add_customer("Ola", "Berg")
    told = shop.state().book.roster.days
    clock.advance(timedelta(days=200))
    assert shop.state().book.roster.days > told
    assert find(shop, victim.id).status == "canceled"
    assert find(shop, new).starts_at == LATER
    assert next(c for c in shop.truth().customers if c.id == customer).last_name == "Berg"


def test_an_earlier_moment_does_not_know_of_later_edits(shop: Shop, victim: TruthAppointment, clock: Clock) -> None:
    before = clock.seconds()
    clock.advance(timedelta(minutes=5))
    shop.cancel(victim.id)
    shop.add_appointment(starts_at=LATER)
    shop.delete_customer(shop.truth().customers[0].id)
    then, now = shop.state(before), shop.state()
    assert len(now.rows) == len(then.rows) + 1
    assert len(now.customers) == len(then.customers) - 1
    assert (then.status[then.rows] != now.status[now.rows[:-1]]).sum() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda shop: shop.cancel(1),
        lambda shop: shop.cancel_booking(1),
        lambda shop: shop.delete_customer("1"),
        lambda shop: shop.change_price(1, 10),
        lambda shop: shop.add_appointment(starts_at=LATER, employee_id=1),
        lambda shop: shop.add_appointment(starts_at=LATER, customer_ids=["1"]),
    ],
)
def test_an_unknown_id_is_named(shop: Shop, wrong: Callable[[Shop], None]) -> None:
    with pytest.raises(LookupError, match=r"no \w+ 1"):
        wrong(shop)


def test_impossible_edits_are_refused(shop: Shop, victim: TruthAppointment) -> None:
    with pytest.raises(ValueError, match="no status 'done'"):
        shop.set_status(victim.id, "done")
    with pytest.raises(ValueError, match="has no zone"):
        shop.reschedule(victim.id, datetime(2026, 5, 5))  # noqa: DTZ001
    with pytest.raises(ValueError, match="at most two"):
        shop.assign(victim.id, (1, 2, 3))
