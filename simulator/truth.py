"""What really happened, as plain records, whatever the modes make of it on the wire. For tests to compare with."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from simulator.business import Service
from simulator.columns import STATUSES
from simulator.pen import as_datetime
from simulator.people import People
from simulator.plan import Plan
from simulator.state import State


@dataclass(frozen=True, slots=True)
class TruthBooking:
    """A booking as it is, in plain types."""

    id: str
    status: str
    additional_persons: int
    customer_id: str


@dataclass(frozen=True, slots=True)
class TruthAppointment:
    """`status` is one of approved, pending, canceled, rejected, no-show. No bookings: nobody was written down."""

    id: str
    status: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    note: str | None
    service_id: str
    employee_ids: tuple[str, ...]
    location_id: str | None
    bookings: tuple[TruthBooking, ...]


@dataclass(frozen=True, slots=True)
class TruthCustomer:
    """A customer as they are."""

    id: str
    first_name: str
    last_name: str
    email: str | None
    phone_number: str | None
    birthday: date | None
    gender: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TruthService:
    """A service as it is, with all prices that it ever had."""

    id: str
    name: str
    price: Decimal  # now
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    prices: tuple[tuple[datetime, Decimal], ...]  # (valid from, price); may hold announced changes

    def price_at(self, moment: datetime) -> Decimal:
        """Return the list price at a moment (aware)."""
        position = bisect_right(self.prices, moment, key=lambda entry: entry[0])
        return self.prices[max(position - 1, 0)][1]


@dataclass(frozen=True, slots=True)
class TruthEmployee:
    """An employee as they are."""

    id: str
    first_name: str
    last_name: str
    email: str | None
    phone_number: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True)
class TruthLocation:
    """A location as it is."""

    id: str
    name: str
    address: str
    phone_number: str


TruthRecord = TruthAppointment | TruthCustomer | TruthService | TruthEmployee | TruthLocation


@dataclass(frozen=True)
class Truth:
    """All that a shop's account holds at a moment: what tests hold against the tables."""

    at: datetime
    appointments: tuple[TruthAppointment, ...]
    customers: tuple[TruthCustomer, ...]
    services: tuple[TruthService, ...]
    employees: tuple[TruthEmployee, ...]
    locations: tuple[TruthLocation, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many records each list has."""
        names = ("appointments", "customers", "services", "employees", "locations")
        return {name: len(getattr(self, name)) for name in names}


def tell_truth(plan: Plan, state: State, people: People) -> Truth:
    """Return the truth of a state."""
    return Truth(
        at=as_datetime(state.moment),
        appointments=tuple(appointments(plan, state)),
        customers=tuple(customers(state, people)),
        services=tuple(services(state)),
        employees=tuple(employees(state)),
        locations=tuple(locations(plan)),
    )


def appointments(plan: Plan, state: State) -> Iterator[TruthAppointment]:
    """One at a time, so that a million of them can be streamed."""
    book = state.book
    for row in state.rows.tolist():
        start, location = int(state.start[row]), int(state.location[row])
        staff = (int(state.employee[row]), int(state.assistant[row]))
        yield TruthAppointment(
            id=str(book.appointments.number[row]),
            status=STATUSES[state.status[row]],
            starts_at=as_datetime(start),
            ends_at=as_datetime(start + int(state.minutes[row]) * 60),
            created_at=as_datetime(int(book.appointments.created[row])),
            note=book.notes[state.note[row]],
            service_id=str(book.services[state.service[row]].number),
            employee_ids=tuple(str(book.employees[position].number) for position in staff if position >= 0),
            location_id=str(plan.locations[location].number) if location >= 0 else None,
            bookings=tuple(_bookings(state, row)),
        )


def _bookings(state: State, row: int) -> Iterator[TruthBooking]:
    bookings, customers = state.book.bookings, state.book.customers
    for booking in state.bookings_of(row):
        yield TruthBooking(
            id=str(bookings.number[booking]),
            status=STATUSES[state.status_of_booking(row, booking)],
            additional_persons=int(bookings.extra_persons[booking]),
            customer_id=str(customers.number[bookings.customer[booking]]),
        )


def customers(state: State, people: People) -> Iterator[TruthCustomer]:
    """Yield the customers of a state."""
    base = state.book.customers
    for row in state.customers.tolist():
        person = people.person(row)
        yield TruthCustomer(
            id=str(base.number[row]),
            first_name=person.first_name,
            last_name=person.last_name,
            email=person.email,
            phone_number=person.phone,
            birthday=people.birthday(row),
            gender=people.gender(row),
            created_at=as_datetime(int(base.created[row])),
        )


def services(state: State) -> Iterator[TruthService]:
    """Yield the services of a state."""
    for service in state.services():
        yield TruthService(
            id=str(service.number),
            name=service.name,
            price=service.price_at(state.moment),
            duration_minutes=service.minutes,
            buffer_before_minutes=service.buffer_before,
            buffer_after_minutes=service.buffer_after,
            prices=_dated(service),
        )


def _dated(service: Service) -> tuple[tuple[datetime, Decimal], ...]:
    return tuple((as_datetime(since), price) for since, price in service.prices)


def employees(state: State) -> Iterator[TruthEmployee]:
    """Yield the employees of a state."""
    for person in state.employees():
        names = (person.first_name, person.last_name, person.email, person.phone, person.timezone)
        yield TruthEmployee(str(person.number), *names)


def locations(plan: Plan) -> Iterator[TruthLocation]:
    """Yield the locations of a shop."""
    for place in plan.locations:
        yield TruthLocation(str(place.number), place.name, place.address, place.phone)
