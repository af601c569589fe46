"""The shop's book: the story with the edits laid over it. A pure function of both."""

from dataclasses import dataclass

import numpy as np

from simulator.business import Employee, Service
from simulator.columns import AS_APPOINTMENT, Appointments, Bookings, Customers, Events, Ints
from simulator.edits import AddedAppointment, Change, Edits, Person
from simulator.plan import Plan
from simulator.roster import Roster
from simulator.story import Story

NOTES: tuple[str | None, ...] = (
    "",
    None,
    "beard workshop",
    "Allergic to clipper oil",
    "Running 5 min late",
    "Bringing my son 👦",
    'Asked for "the usual"; cash\nonly',
)


@dataclass(frozen=True)
class Book:
    """All that a shop's account holds over all times, as columns; `state.fold` says what of it holds at a moment."""

    employees: tuple[Employee, ...]
    services: tuple[Service, ...]
    location_numbers: tuple[int, ...]
    roster: Roster
    appointments: Appointments
    bookings: Bookings
    customers: Customers
    events: Events
    booking_events: Events
    notes: tuple[str | None, ...]
    people: dict[int, Person]
    deleted_customers: dict[int, int]  # row -> moment
    told_appointments: int  # rows from here on were added by edits
    told_customers: int

    def appointment_row(self, number: int) -> int | None:
        """Return the row of the appointment with this number, or None."""
        return _row_of(self.appointments.number, number)

    def booking_row(self, number: int) -> int | None:
        """Return the row of the booking with this number, or None."""
        return _row_of(self.bookings.number, number)

    def customer_row(self, number: int) -> int | None:
        """Return the row of the customer with this number, or None."""
        return _row_of(self.customers.number, number)


def write_book(plan: Plan, story: Story, edits: Edits) -> Book:
    """Join what the story tells with what was edited by hand."""
    customers = story.customers
    if edits.added_customers:
        customers = customers.and_then(Customers.of_rows([_customer(*added) for added in edits.added_customers]))
    appointments, bookings = story.appointments, story.bookings
    if edits.added_appointments:
        appointments, bookings = _with_added(appointments, bookings, customers, edits.added_appointments)
    return Book(
        employees=story.employees,
        services=_priced(plan.services, edits),
        location_numbers=tuple(location.number for location in plan.locations),
        roster=story.roster,
        appointments=appointments,
        bookings=bookings,
        customers=customers,
        events=_amended(story.events, edits.changes, appointments.number),
        booking_events=_amended(story.booking_events, edits.booking_changes, bookings.number),
        notes=(*NOTES, *edits.notes),
        people=dict(edits.people),
        deleted_customers={
            row: moment
            for number, moment in edits.deleted_customers.items()
            if (row := _row_of(customers.number, number)) is not None
        },
        told_appointments=len(story.appointments),
        told_customers=len(story.customers),
    )


def _row_of(numbers: Ints, number: int) -> int | None:
    """Numbers ascend: the story's first, then those of added records."""
    row = int(np.searchsorted(numbers, number))
    return row if row < len(numbers) and int(numbers[row]) == number else None


def _known(numbers: Ints, number: int) -> int:
    row = _row_of(numbers, number)
    if row is None:
        raise LookupError(f"no record {number} in this book: it was edited before it was made")
    return row


def _customer(number: int, created: int) -> dict[str, int]:
    values = {"first_name": 0, "last_name": 0, "reachable": 0, "born": 0, "gender": 0}
    return {"number": number, "created": created, **values}


def _with_added(
    appointments: Appointments, bookings: Bookings, customers: Customers, added: list[AddedAppointment]
) -> tuple[Appointments, Bookings]:
    rows: list[dict[str, int]] = []
    booking_rows: list[dict[str, int]] = []
    for entry in added:
        first = len(bookings) + len(booking_rows)
        booking_rows += [
            {
                "number": booking.number,
                "joined": entry.created,
                "customer": _known(customers.number, booking.customer),
                "extra_persons": booking.extra_persons,
                "status": AS_APPOINTMENT,
            }
            for booking in entry.bookings
        ]
        values = {name: getattr(entry, name) for name in ("number", "created", "start", "minutes", "service", "status")}
        places = {"employee": entry.employee, "location": entry.location, "assistant": -1, "note": 0}
        rows.append({**values, **places, "bookings_from": first, "bookings_until": first + len(entry.bookings)})
    if booking_rows:
        bookings = bookings.and_then(Bookings.of_rows(booking_rows))
    return appointments.and_then(Appointments.of_rows(rows)), bookings


def _priced(services: tuple[Service, ...], edits: Edits) -> tuple[Service, ...]:
    priced = list(services)
    for position, price, since in edits.prices:
        priced[position] = priced[position].with_price(price, since)
    return tuple(priced)


def _amended(events: Events, changes: list[Change], numbers: Ints) -> Events:
    """The story's events with the changes among them. From the first change on, a record belongs to whoever edits it:
    what the story had in store for it no longer happens."""
    if not changes:
        return events
    rows = {change.number: _known(numbers, change.number) for change in changes}
    first: dict[int, int] = {}
    for change in changes:
        first.setdefault(rows[change.number], change.moment)
    taken_at = np.full(len(numbers), np.iinfo(np.int64).max, dtype=np.int64)
    taken_at[list(first)] = list(first.values())
    kept = events.take(np.flatnonzero(events.moment <= taken_at[events.row]))
    own = [{"moment": c.moment, "row": rows[c.number], "field": c.field, "value": c.value} for c in changes]
    together = kept.and_then(Events.of_rows(own))
    return together.take(np.argsort(together.moment, kind="stable"))
