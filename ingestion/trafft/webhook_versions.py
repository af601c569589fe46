"""Folds what events told of one appointment into one version of it: the newest word on each field, ids where clear.

The fold looks at all events of the appointment and at nothing else, so that repetition and disorder end in the same
version: what was delivered last is the newest word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from ingestion.records import ShopContext
from ingestion.trafft.directory import Directory
from ingestion.trafft.matching import phone_digits
from ingestion.trafft.models import APPOINTMENTS
from ingestion.trafft.webhooks import WebhookAppointment


def fold(told: Sequence[WebhookAppointment], directory: Directory) -> dict[str, Any]:
    """Return a record of the appointment that these events, oldest first, tell of; at least one.

    A field that the newest event leaves out comes from the one before; a field that it has and that cannot be read is
    unknown, because the older word may be just what it changes. A price is the exception: it belongs to the booking.
    An appointment of several clients has several bookings, each with a status and a price of its own.
    """
    newest_first = list(reversed(told))
    newest = newest_first[0]
    times = next((each for each in newest_first if each.starts_at or "starts_at" in each.unreadable), newest)
    bookings = _bookings(newest_first, directory)
    service, employee = _latest(newest_first, "service_name"), _person(newest_first, "employee")
    location = _latest(newest_first, "location_name")
    return {
        "id": newest.external_id,
        "status": bookings[0]["status"] if len(bookings) == 1 else None,
        "starts_at": _written(times.starts_at),
        "ends_at": _written(times.ends_at),
        "service_id": directory.services.find(name=service),
        "service_name": service,
        "service_category": _latest(newest_first, "service_category"),
        "employee_id": directory.employees.find(**employee),
        "employee_name": employee["name"],
        "location_id": directory.locations.find(name=location),
        "location_name": location,
        "location_address": _latest(newest_first, "location_address"),
        "price": bookings[0]["price"] if len(bookings) == 1 else None,
        "cancel_reason": newest.cancel_reason,
        "booking_uuid": newest.booking_uuid,
        "extras": newest.extras,
        "custom_fields": newest.custom_fields,
        "bookings": bookings,
    }


def parse_version(record: Mapping[str, Any], context: ShopContext) -> tuple[Any, ...]:
    """Return the values of `APPOINTMENTS.columns` from a folded record."""
    values = {name: record.get(name) for name in APPOINTMENTS.columns}
    employee = {"employee_id": record["employee_id"], "name": record["employee_name"]}
    values |= {
        "starts_at": _read(record["starts_at"]),
        "ends_at": _read(record["ends_at"]),
        "price": None if record["price"] is None else Decimal(record["price"]),
        "employees": orjson.dumps([employee] if any(employee.values()) else []).decode(),
        "bookings": orjson.dumps(record["bookings"]).decode(),
    }
    return tuple(values.values())


WITNESSED = replace(
    APPOINTMENTS,
    identify=lambda record: record["id"],
    parse=parse_version,
    # Moments, money and ids are read before the fold: the record holds all that the columns depend on.
    read_with=lambda context: "webhook 1",
)
"""Appointments as webhooks tell of them, in the table that the API's versions are in."""


def _bookings(newest_first: Sequence[WebhookAppointment], directory: Directory) -> list[dict[str, Any]]:
    """Return one entry a client, the one last heard of first."""
    uuids = {_client(each): each.booking_uuid for each in reversed(newest_first) if each.booking_uuid}
    groups: dict[str, list[WebhookAppointment]] = {}
    for each in newest_first:
        key = each.booking_uuid or uuids.get(_client(each)) or _client(each)
        groups.setdefault(key, []).append(each)
    if len(groups) > 1:
        groups.pop("", None)  # an event that names nobody says nothing of whose booking it is
    return [_booking(key if len(groups) > 1 else None, group, directory) for key, group in groups.items()]


def _booking(key: str | None, newest_first: Sequence[WebhookAppointment], directory: Directory) -> dict[str, Any]:
    client = _person(newest_first, "customer")
    price = next((each.price for each in newest_first if each.price is not None), None)
    first_name = _latest(newest_first, "customer_first_name")
    return {
        "booking_id": key,
        "status": _latest(newest_first, "status"),
        "additional_persons": 0,
        "customer_id": directory.customers.find(**client),
        "customer_first_name": first_name or client["name"],
        "customer_last_name": _latest(newest_first, "customer_last_name") if first_name else None,
        "customer_email": client["email"],
        "customer_phone": client["phone"],
        "price": None if price is None else str(price),
    }


def _person(newest_first: Sequence[WebhookAppointment], kind: str) -> dict[str, str | None]:
    name = _latest(newest_first, f"{kind}_name")
    if name is None and kind == "customer":
        parts = (_latest(newest_first, f"customer_{part}_name") for part in ("first", "last"))
        name = " ".join(part for part in parts if part) or None
    return {
        "name": name,
        "email": _latest(newest_first, f"{kind}_email"),
        "phone": _latest(newest_first, f"{kind}_phone"),
    }


def _latest(newest_first: Sequence[WebhookAppointment], name: str) -> Any:
    """Return the newest word on a field; None as soon as an event has it and it cannot be read."""
    for each in newest_first:
        value = getattr(each, name)
        if value is not None or name in each.unreadable:
            return value
    return None


def _client(told: WebhookAppointment) -> str:
    """Return by what two events of one appointment are known to speak of the same client."""
    name = told.customer_name or " ".join(filter(None, (told.customer_first_name, told.customer_last_name)))
    return (told.customer_email or phone_digits(told.customer_phone) or name).casefold()


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(words: str | None) -> datetime | None:
    return None if words is None else datetime.fromisoformat(words)
