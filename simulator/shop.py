"""A barbershop and what a test (or an API call) can change in it, at the clock's now, on top of its story."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator import columns
from simulator.columns import STATUSES
from simulator.edits import AddedAppointment, AddedBooking, Change, Person, Resource
from simulator.people import People
from simulator.twin import Twin

Id = str | int


class Shop(Twin):
    """A twin that can be edited. Ids are taken as text or number; an unknown one raises LookupError."""

    # Appointments

    def add_appointment(
        self,
        *,
        starts_at: datetime,
        service_id: Id | None = None,
        employee_id: Id | None = None,
        customer_ids: Sequence[Id] | None = None,
        status: str = "approved",
        minutes: int | None = None,
    ) -> str:
        """Book now. By default the first service, barber and customer; `customer_ids=()` writes nobody down."""
        state, now = self.state(), self.clock.seconds()
        service = 0 if service_id is None else self._service_position(service_id)
        employee = 0 if employee_id is None else self._employee_position(employee_id)
        if customer_ids is None:
            customer_ids = [int(state.book.customers.number[row]) for row in state.customers[:1]]
        for customer_id in customer_ids:
            self._customer_row(customer_id)
        self.edits.added_appointments.append(
            AddedAppointment(
                number=self.edits.next_number(),
                created=now,
                start=_instant(starts_at),
                minutes=minutes or state.book.services[service].minutes,
                service=service,
                employee=employee,
                location=state.book.employees[employee].location,
                status=_status(status),
                bookings=tuple(AddedBooking(self.edits.next_number(), int(customer)) for customer in customer_ids),
            )
        )
        self.edits.touch()
        return str(self.edits.added_appointments[-1].number)

    def reschedule(self, appointment_id: Id, starts_at: datetime) -> None:
        """Move an appointment to another start (aware); it keeps its length."""
        self._change(appointment_id, columns.START, _instant(starts_at))

    def set_status(self, appointment_id: Id, status: str) -> None:
        """One of approved, pending, canceled, rejected, no-show."""
        self._change(appointment_id, columns.STATUS, _status(status))

    def cancel(self, appointment_id: Id) -> None:
        """Cancel an appointment and its bookings."""
        self.set_status(appointment_id, "canceled")

    def mark_no_show(self, appointment_id: Id) -> None:
        """Say that the client did not come."""
        self.set_status(appointment_id, "no-show")

    def assign(self, appointment_id: Id, employee_ids: Sequence[Id]) -> None:
        """Give it to nobody, one barber or two."""
        if len(employee_ids) > 2:
            raise ValueError(f"an appointment has at most two barbers; got {len(employee_ids)}")
        positions = [self._employee_position(employee_id) for employee_id in employee_ids]
        positions += [-1] * (2 - len(positions))
        self._change(appointment_id, columns.EMPLOYEE, positions[0])
        self._change(appointment_id, columns.ASSISTANT, positions[1])

    def change_service(self, appointment_id: Id, service_id: Id) -> None:
        """Give an appointment another service."""
        self._change(appointment_id, columns.SERVICE, self._service_position(service_id))

    def change_minutes(self, appointment_id: Id, minutes: int) -> None:
        """Give an appointment another length."""
        self._change(appointment_id, columns.MINUTES, minutes)

    def change_note(self, appointment_id: Id, note: str | None) -> None:
        """Replace an appointment's note."""
        self.edits.notes.append(note)
        self.edits.touch()
        self._change(appointment_id, columns.NOTE, len(self.state().book.notes) - 1)

    def delete_appointment(self, appointment_id: Id) -> None:
        """Take an appointment out of the lists, as if it had never been."""
        self._change(appointment_id, columns.DELETED, 1)

    def restore_appointment(self, appointment_id: Id) -> None:
        """Bring a deleted appointment back under its id."""
        self._change(appointment_id, columns.DELETED, 0)

    def cancel_booking(self, booking_id: Id) -> None:
        """One client of a class stays away; the others come."""
        number = int(booking_id)
        if self.state().book.booking_row(number) is None:
            raise LookupError(f"no booking {booking_id}: take an id from truth().appointments[...].bookings")
        self.edits.booking_changes.append(Change(self.clock.seconds(), number, columns.STATUS, columns.CANCELED))
        self.edits.touch()

    # Customers, services, raw records

    def add_customer(
        self, first_name: str, last_name: str, *, email: str | None = None, phone: str | None = None
    ) -> str:
        """Add a customer now and return the id."""
        number = self.edits.next_number()
        self.edits.added_customers.append((number, self.clock.seconds()))
        self.edits.people[number] = Person(first_name, last_name, email, phone)
        self.edits.touch()
        return str(number)

    def rename_customer(
        self, customer_id: Id, first_name: str, last_name: str, *, email: str | None = None, phone: str | None = None
    ) -> None:
        """Also in every appointment that shows this customer. E-mail and telephone stay when not given."""
        known = People(self.state().book, self.place).person(self._customer_row(customer_id))
        person = Person(first_name, last_name, email or known.email, phone or known.phone)
        self.edits.people[int(customer_id)] = person
        self.edits.touch()

    def delete_customer(self, customer_id: Id) -> None:
        """Gone from the list; appointments go on showing the name."""
        self._customer_row(customer_id)
        self.edits.deleted_customers[int(customer_id)] = self.clock.seconds()
        self.edits.touch()

    def change_price(self, service_id: Id, price: Decimal) -> None:
        """Change a service's list price from now on."""
        self.edits.prices.append((self._service_position(service_id), price, self.clock.seconds()))
        self.edits.touch()

    def add_raw_record(self, resource: Resource, record: Any) -> None:
        """Anything that JSON can say, shown first in the list as it is: poison for a loader. No part of the truth."""
        self.edits.raw.append((resource, record))
        self.edits.touch()

    def _change(self, appointment_id: Id, field: int, value: int) -> None:
        number = int(appointment_id)
        if self.state().book.appointment_row(number) is None:
            raise LookupError(f"no appointment {appointment_id}: take an id from truth().appointments")
        self.edits.changes.append(Change(self.clock.seconds(), number, field, value))
        self.edits.touch()

    def _service_position(self, service_id: Id) -> int:
        state = self.state()
        return _position(
            [s.number if s.since <= state.moment else 0 for s in state.book.services], service_id, "service"
        )

    def _employee_position(self, employee_id: Id) -> int:
        state = self.state()
        return _position(
            [e.number if e.listed <= state.moment else 0 for e in state.book.employees], employee_id, "employee"
        )

    def _customer_row(self, customer_id: Id) -> int:
        row = self.state().book.customer_row(int(customer_id))
        if row is None:
            raise LookupError(f"no customer {customer_id}: take an id from truth().customers")
        return row


def _position(numbers: list[int], wanted: Id, what: str) -> int:
    """Among the shop's, where those still to come have number 0."""
    if int(wanted) not in numbers or int(wanted) == 0:
        raise LookupError(f"no {what} {wanted}: the shop has {[number for number in numbers if number]}")
    return numbers.index(int(wanted))


def _status(word: str) -> int:
    if word not in STATUSES:
        raise ValueError(f"no status {word!r}: choose one of {', '.join(STATUSES)}")
    return STATUSES.index(word)


def _instant(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError(f"times are aware datetimes; {moment} has no zone")
    return int(moment.timestamp())
