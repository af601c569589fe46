"""The shop at one moment, as every page, record and truth is read from it: a fold of the events until then."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from simulator.book import Book
from simulator.business import Employee, Service
from simulator.columns import (
    ASSISTANT,
    CANCELED,
    DELETED,
    EMPLOYEE,
    LOCATION,
    MINUTES,
    NOT_YET,
    NOTE,
    REJECTED,
    SERVICE,
    START,
    STATUS,
    Column,
    Events,
    Ints,
)


@dataclass(frozen=True)
class State:
    """Columns are aligned with the book's rows, also those not yet created; `rows` says which ones exist."""

    book: Book
    moment: int
    start: Ints
    status: Column
    minutes: Column
    service: Column
    employee: Column
    assistant: Column
    location: Column
    note: Column
    booking_status: Column
    rows: Ints  # appointments, in order of creation
    customers: Ints  # rows of customers, in order of creation
    selections: dict[Hashable, Ints] = field(default_factory=dict, repr=False, compare=False)  # kept by selection.py

    def status_of_booking(self, row: int, booking: int) -> int:
        """A booking follows its appointment, unless that took place and the booking had a fate of its own."""
        own, whole = int(self.booking_status[booking]), int(self.status[row])
        return whole if own < 0 or whole in (CANCELED, REJECTED) else own

    def bookings_of(self, row: int) -> list[int]:
        """Rows of the bookings that had joined by then."""
        base = self.book.appointments
        rows = range(int(base.bookings_from[row]), int(base.bookings_until[row]))
        return [booking for booking in rows if self.booking_status[booking] != NOT_YET]

    def employees(self) -> list[Employee]:
        """Return the employees that the list shows at this moment."""
        return [employee for employee in self.book.employees if employee.listed <= self.moment]

    def services(self) -> list[Service]:
        """Return the services that the list shows at this moment."""
        return [service for service in self.book.services if service.since <= self.moment]


def key_of(book: Book, moment: int) -> tuple[int, ...]:
    """Two moments with the same key see the same shop."""
    return (
        _until(book.appointments.created, book.told_appointments, moment),
        _until(book.customers.created, book.told_customers, moment),
        sum(deleted <= moment for deleted in book.deleted_customers.values()),
        book.events.until(moment),
        book.booking_events.until(moment),
    )


def _until(created: Ints, told: int, moment: int) -> int:
    """How many there are by then: of the story's, which stand in order, and of those added by edits."""
    return int(np.searchsorted(created[:told], moment, side="right") + np.count_nonzero(created[told:] <= moment))


def fold(book: Book, moment: int) -> State:
    """Return what the book says as of a moment (epoch seconds)."""
    base, events = book.appointments, book.events
    happened = Events(*(getattr(events, name)[: events.until(moment)] for name in ("moment", "row", "field", "value")))
    gone = _latest(np.zeros(len(base), dtype=np.int8), happened, DELETED)
    rows = np.flatnonzero((base.created <= moment) & (gone == 0))
    bookings = book.booking_events
    return State(
        book=book,
        moment=moment,
        start=_latest(base.start, happened, START),
        status=_latest(base.status, happened, STATUS),
        minutes=_latest(base.minutes, happened, MINUTES),
        service=_latest(base.service, happened, SERVICE),
        employee=_latest(base.employee, happened, EMPLOYEE),
        assistant=_latest(base.assistant, happened, ASSISTANT),
        location=_latest(base.location, happened, LOCATION),
        note=_latest(base.note, happened, NOTE),
        booking_status=_latest(book.bookings.status, bookings.take(np.arange(bookings.until(moment))), STATUS),
        rows=_in_order(base.created, rows, book.told_appointments),
        customers=_customers(book, moment),
    )


def _latest(column: Column, happened: Events, field: int) -> Column:
    """The column with the last value each event gave; numpy assigns repeated rows in order, so the last one stays."""
    relevant = np.flatnonzero(happened.field == field)
    if len(relevant) == 0:
        return column
    changed = column.copy()
    changed[happened.row[relevant]] = happened.value[relevant]
    return changed


def _customers(book: Book, moment: int) -> Ints:
    there = book.customers.created <= moment
    for row, deleted in book.deleted_customers.items():
        if deleted <= moment:
            there[row] = False
    return _in_order(book.customers.created, np.flatnonzero(there), book.told_customers)


def _in_order(created: Ints, rows: Ints, told: int) -> Ints:
    """Rows in order of creation; only added ones, which stand at the end, can be out of it."""
    return rows[np.argsort(created[rows], kind="stable")] if len(created) > told else rows
