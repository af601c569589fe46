"""What the tables must hold, from the simulator's truth; shares no line with client, change filter or loader."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from simulator.shop import Shop
from simulator.truth import Truth, TruthAppointment, TruthBooking

Rows = Mapping[str, tuple[Any, ...]]
"""Key of a record → the columns that are compared."""

RAW_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "appointments": (
        "replace(status, '_', '-')", "starts_at", "ends_at", "booked_at", "note", "service_id", "location_id",
        "employee_id", "employees", "bookings",
    ),
    "customers": ("first_name", "last_name", "email", "phone_number"),
    "services": ("name", "price", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes"),
    "employees": ("first_name", "last_name", "email", "phone_number"),
    "locations": ("name", "address", "phone_number"),
}  # fmt: skip
"""Raw table → columns in the order in which `raw_rows` gives their values."""

EXTERNAL_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_appointments": (
        "appointment_id", "booking_id", "client_id", "employee_id", "service_id", "location_id", "scheduled_at",
        "ends_at", "status", "seats",
    ),
    "external_customers": ("first_name", "last_name", "email"),
    "external_services": ("name", "price", "duration_minutes"),
    "external_employees": ("first_name", "last_name", "email"),
}  # fmt: skip

_ENDED = {"canceled", "rejected", "no-show"}
_CANONICAL = {
    "approved": "confirmed",
    "pending": "pending",
    "canceled": "cancelled",
    "rejected": "cancelled",
    "no-show": "no_show",
}


def raw_rows(shop: Shop) -> Mapping[str, Rows]:
    """Return raw table → id → values of `RAW_COLUMNS`, as the latest versions must show them."""
    truth = shop.truth()
    tables: Mapping[str, Callable[[Truth], Iterator[tuple[str, tuple[Any, ...]]]]] = {
        "appointments": _appointments,
        "customers": _customers,
        "services": _services,
        "employees": _employees,
        "locations": _locations,
    }
    return {name: dict(rows(truth)) for name, rows in tables.items()}


def external_rows(shop: Shop) -> Mapping[str, Rows]:
    """Return external table → external_id → values of `EXTERNAL_COLUMNS`."""
    truth = shop.truth()
    people = {one.id: (one.first_name, one.last_name, one.email) for one in truth.employees}
    return {
        "external_appointments": {
            key: values for appointment in truth.appointments for key, values in _bookings(appointment)
        },
        "external_customers": {one.id: (one.first_name, one.last_name, one.email) for one in truth.customers},
        "external_services": {one.id: (one.name, one.price, one.duration_minutes) for one in truth.services},
        "external_employees": people,
    }


def _appointments(truth: Truth) -> Iterator[tuple[str, tuple[Any, ...]]]:
    names = {one.id: f"{one.first_name} {one.last_name}".strip() for one in truth.employees}
    for one in truth.appointments:
        employees = [{"employee_id": key, "name": names[key]} for key in one.employee_ids]
        yield (
            one.id,
            (
                one.status,
                one.starts_at,
                one.ends_at,
                one.created_at,
                one.note,
                one.service_id,
                one.location_id,
                one.employee_ids[0] if one.employee_ids else None,
                employees,
                [_booking(booking) for booking in one.bookings],
            ),
        )


def _booking(booking: TruthBooking) -> tuple[str, str, int, str]:
    return (booking.id, booking.status, booking.additional_persons, booking.customer_id)


def shown_bookings(value: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the raw column `bookings` in the form in which the truth is written here."""
    return [
        (
            one["booking_id"],
            one["status"].replace("_", "-"),
            one["additional_persons"],
            one["customer_id"],
        )
        for one in value
    ]


def _customers(truth: Truth) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for one in truth.customers:
        yield one.id, (one.first_name, one.last_name, one.email, one.phone_number)


def _services(truth: Truth) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for one in truth.services:
        minutes = (one.duration_minutes, one.buffer_before_minutes, one.buffer_after_minutes)
        yield one.id, (one.name, Decimal(one.price), *minutes)


def _employees(truth: Truth) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for one in truth.employees:
        yield one.id, (one.first_name, one.last_name, one.email, one.phone_number)


def _locations(truth: Truth) -> Iterator[tuple[str, tuple[Any, ...]]]:
    for one in truth.locations:
        yield one.id, (one.name, one.address, one.phone_number)


def _bookings(one: TruthAppointment) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield one row for each client of an appointment, or one for an appointment on which nobody is written down."""
    employee = one.employee_ids[0] if one.employee_ids else None
    where = (employee, one.service_id, one.location_id, one.starts_at, one.ends_at)
    if not one.bookings:
        yield one.id, (one.id, None, None, *where, _CANONICAL[one.status], 1)
    for booking in one.bookings:
        key = one.id if len(one.bookings) == 1 else f"{one.id}:{booking.id}"
        word = one.status if one.status in _ENDED and booking.status not in _ENDED else booking.status
        seats = 1 + booking.additional_persons
        yield key, (one.id, booking.id, booking.customer_id, *where, _CANONICAL[word], seats)
