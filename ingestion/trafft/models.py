"""The five Trafft lists and how one record of each becomes promoted columns (trafft API v2; contract in the README)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from ingestion.records import Resource, ShopContext, Unreadable
from ingestion.trafft.values import identifier, moment, price, seconds_per_unit, text, whole_number

MOMENT = pa.timestamp("us", "UTC")
MONEY = pa.decimal128(19, 4)
"""Four decimals hold every ISO 4217 exponent (KWD has three) with one to spare for per-seat fractions."""

LONGEST_DURATION = 366 * 86_400
"""In seconds, a year: beyond it a duration is a mistake, and the column is a 32-bit integer."""


def _identify(record: Mapping[str, Any]) -> str | None:
    return identifier(record.get("id"))


def _object(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if isinstance(value, dict):
        return value
    if value in (None, "", []):
        return {}
    raise Unreadable(f"{key}: expected an object, got {type(value).__name__}")


def _objects(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = record.get(key)
    if value is None:
        return []
    if isinstance(value, list) and all(type(item) is dict for item in value):
        return value
    raise Unreadable(f"{key}: expected a list of objects, got {str(value)[:40]!r}")


def _full_name(person: Mapping[str, Any]) -> str | None:
    return " ".join(filter(None, (text(person.get("first_name")), text(person.get("last_name"))))) or None


def _employee(person: Mapping[str, Any]) -> dict[str, str | None]:
    return {"employee_id": identifier(person.get("id")), "name": _full_name(person)}


def _booking(booking: Mapping[str, Any]) -> dict[str, Any]:
    customer = _object(booking, "customer")
    return {
        "booking_id": identifier(booking.get("id")),
        "status": text(booking.get("status")),
        "additional_persons": whole_number(booking.get("additional_persons")) or 0,
        "customer_id": identifier(customer.get("id")),
        "customer_first_name": text(customer.get("first_name")),
        "customer_last_name": text(customer.get("last_name")),
        "customer_email": text(customer.get("email")),
    }


def _bookings(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    bookings = [_booking(booking) for booking in _objects(record, "bookings")]
    ids = [booking["booking_id"] for booking in bookings]
    if len(ids) > 1 and (None in ids or len(set(ids)) < len(ids)):
        raise Unreadable(f"bookings: each booking of a group needs an id of its own, got {ids}")
    return bookings


def parse_appointment(record: Mapping[str, Any], context: ShopContext) -> tuple[Any, ...]:
    """Return the values of `APPOINTMENTS.columns`; the start is required, an end before it is refused."""
    starts_at = moment(record.get("start_date_time"), context.zone)
    ends_at = moment(record.get("end_date_time"), context.zone)
    if starts_at is None:
        raise Unreadable("start_date_time: missing, and an appointment without a start has no place in any day")
    if ends_at is not None and ends_at < starts_at:
        raise Unreadable(f"end_date_time: {record['end_date_time']!r} lies before the start")
    service, location = _object(record, "service"), _object(record, "location")
    employees = [_employee(person) for person in _objects(record, "employees")]
    first = employees[0] if employees else {}
    return (
        text(record.get("status")),
        starts_at,
        ends_at,
        _moment_or_none(record.get("created_at"), context),
        text(record.get("note")),
        identifier(service.get("id")),
        text(service.get("name")),
        identifier(location.get("id")),
        text(location.get("name")),
        first.get("employee_id"),
        first.get("name"),
        orjson.dumps(employees).decode(),
        orjson.dumps(_bookings(record)).decode(),
        *_NOT_IN_THE_API,
    )


def _moment_or_none(value: Any, context: ShopContext) -> datetime | None:
    """When a booking was made is good to know, but no reason to put the whole booking aside."""
    try:
        return moment(value, context.zone)
    except Unreadable:
        return None


def parse_service(record: Mapping[str, Any], context: ShopContext) -> tuple[Any, ...]:
    """Return the values of `SERVICES.columns`; durations become whole minutes, a price that cannot be read is null."""

    def minutes(key: str) -> int | None:
        value = whole_number(record.get(key))
        if value is not None and abs(value) > LONGEST_DURATION:
            raise Unreadable(f"{key}: {value} is longer than a year")
        return None if value is None else round(value * context.duration_seconds / 60)

    return (
        text(record.get("name")),
        price(record.get("price"), context.minor_digits),
        minutes("duration"),
        minutes("buffer_time_before"),
        minutes("buffer_time_after"),
        text(record.get("duration")),
    )


def _texts(*keys: str) -> Any:
    def parse(record: Mapping[str, Any], context: ShopContext) -> tuple[Any, ...]:
        return tuple(text(record.get(key)) for key in keys)

    return parse


def _unit_of_durations(records: Sequence[Any], context: ShopContext) -> ShopContext:
    durations = [record.get("duration") for record in records if isinstance(record, Mapping)]
    return replace(context, duration_seconds=seconds_per_unit(durations))


_NOT_IN_THE_API = (None, None, None, None)
"""price, service_category, cancel_reason, booking_uuid: only webhooks and exported files tell them."""

_CONTACT = ("email", "phone_number", "phone_country_code")
_CUSTOMER = ("first_name", "last_name", *_CONTACT, "birthday", "gender")
_EMPLOYEE = ("first_name", "last_name", *_CONTACT, "timezone")
_LOCATION = ("name", "address", "phone_number")

APPOINTMENTS = Resource(
    name="appointments",
    description="Appointments with their bookings, one row per observed version.",
    columns={
        "status": pa.string(),
        "starts_at": MOMENT,
        "ends_at": MOMENT,
        "booked_at": MOMENT,
        "note": pa.string(),
        "service_id": pa.string(),
        "service_name": pa.string(),
        "location_id": pa.string(),
        "location_name": pa.string(),
        "employee_id": pa.string(),
        "employee_name": pa.string(),
        "employees": pa.string(),
        "bookings": pa.string(),
        "price": MONEY,
        "service_category": pa.string(),
        "cancel_reason": pa.string(),
        "booking_uuid": pa.string(),
    },
    json_columns=frozenset({"employees", "bookings"}),
    read_with=lambda context: f"1|{context.zone.key}",
    identify=_identify,
    parse=parse_appointment,
)
CUSTOMERS = Resource(
    name="customers",
    description="Customers, one row per observed version.",
    columns=dict.fromkeys(_CUSTOMER, pa.string()),
    identify=_identify,
    parse=_texts(*_CUSTOMER),
)
SERVICES = Resource(
    name="services",
    description="Services with list price and duration, one row per observed version: the shop's price history.",
    columns={
        "name": pa.string(),
        "price": MONEY,
        "duration_minutes": pa.int32(),
        "buffer_before_minutes": pa.int32(),
        "buffer_after_minutes": pa.int32(),
        "duration_raw": pa.string(),
    },
    identify=_identify,
    parse=parse_service,
    context_from=_unit_of_durations,
    read_with=lambda context: f"1|{context.duration_seconds}|{context.minor_digits}",
)
EMPLOYEES = Resource(
    name="employees",
    description="Employees, one row per observed version.",
    columns=dict.fromkeys(_EMPLOYEE, pa.string()),
    identify=_identify,
    parse=_texts(*_EMPLOYEE),
)
LOCATIONS = Resource(
    name="locations",
    description="Locations, one row per observed version; empty where the account has no such feature.",
    columns=dict.fromkeys(_LOCATION, pa.string()),
    identify=_identify,
    parse=_texts(*_LOCATION),
)
RESOURCES = (SERVICES, EMPLOYEES, LOCATIONS, APPOINTMENTS, CUSTOMERS)
"""In reading order. A service stands before the bookings of it, so that a price is known when its booking arrives;
customers come last, so that whoever books meanwhile is among them, and an incremental sync knows whom to ask for."""
