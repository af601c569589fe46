"""One shop's whole story as columns: what is booked when, and what happens to it afterwards."""

from dataclasses import dataclass

import numpy as np

from simulator.business import Employee
from simulator.clients import draw_clients
from simulator.columns import Appointments, Bookings, Column, Customers, Events
from simulator.outcomes import Outcomes, happen
from simulator.parties import seat
from simulator.plan import Plan
from simulator.roster import Roster, draw_roster
from simulator.settling import Timetable, settle
from simulator.staff import employees_until
from simulator.wishes import CLASS, Wishes, class_wishes, regular_wishes, walk_in_wishes

_APPOINTMENTS_FROM = 18_000  # ids; those of different shops overlap on purpose
_CLASS_NOTE = 2  # positions in book.NOTES
_NOTES = (0.86, 0.07, 0.0, 0.02, 0.02, 0.015, 0.015)
_NO_LOCATION = 0.02


@dataclass(frozen=True)
class Story:
    """What happened in a shop from its opening on, as columns."""

    employees: tuple[Employee, ...]
    appointments: Appointments
    bookings: Bookings
    customers: Customers
    events: Events  # of appointments
    booking_events: Events
    roster: Roster


def tell(plan: Plan, days: int) -> Story:
    """The story of the first `days` days. Told further, it begins the same."""
    employees = employees_until(plan, days)
    roster = draw_roster(plan, employees, days)
    clients = draw_clients(plan, days)
    wishes = Wishes.chained(
        [class_wishes(plan, roster), regular_wishes(plan, roster, clients), walk_in_wishes(plan, roster)]
    )
    table = settle(plan, roster, employees, wishes)
    del wishes
    outcomes = happen(plan, employees, table)
    table, outcomes = _in_order_of_creation(table, outcomes)
    parties = seat(plan, clients, table, outcomes)
    return Story(
        employees=employees,
        appointments=Appointments(
            number=_APPOINTMENTS_FROM + plan.dice.pick("appointment/number", 900) + np.arange(len(table)),
            created=outcomes.created,
            start=outcomes.first_start,
            minutes=table.minutes,
            service=table.service,
            employee=table.barber,
            assistant=table.assistant,
            location=_locations(plan, employees, table),
            status=outcomes.status,
            note=_notes(plan, table),
            bookings_from=parties.bookings_from,
            bookings_until=parties.bookings_until,
        ),
        bookings=parties.bookings,
        customers=parties.customers,
        events=outcomes.events,
        booking_events=parties.events,
        roster=roster,
    )


def _in_order_of_creation(table: Timetable, outcomes: Outcomes) -> tuple[Timetable, Outcomes]:
    order = np.argsort(outcomes.created, kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    events = outcomes.events.take(np.argsort(outcomes.events.moment, kind="stable"))
    return table.take(order), Outcomes(
        created=outcomes.created[order],
        first_start=outcomes.first_start[order],
        start=outcomes.start[order],
        status=outcomes.status[order],
        events=Events(events.moment, rank[events.row], events.field, events.value),
    )


def _locations(plan: Plan, employees: tuple[Employee, ...], table: Timetable) -> Column:
    """The barber's; now and then nobody filled it in."""
    location = np.array([employee.location for employee in employees])[table.barber]
    missing = plan.dice.uniform("location", table.start, table.barber) < _NO_LOCATION
    return np.where(missing, -1, location).astype(np.int8)


def _notes(plan: Plan, table: Timetable) -> Column:
    note = plan.dice.choice("note", _NOTES, table.start, table.barber)
    return np.where(table.kind == CLASS, _CLASS_NOTE, note).astype(np.int32)
