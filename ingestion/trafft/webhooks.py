"""Reads one Trafft webhook into a typed record. Pure, and it never refuses an event: what cannot be read is null.

A body is flat form fields, camelCase, written for people ("June 21, 2025 12:45 pm", "$30.00", "-" for empty), without
ids of service, employee or customer. The JSON of a relay that signs (`{"event_type": ..., "data": {...}}`) reads the
same way.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable
from ingestion.trafft.values import identifier, moment, price
from ingestion.trafft.webhook_dates import YEARS, DayOrder, local_moment, order_shown
from ingestion.trafft.webhook_fields import flat, gathered

_TEXTS = {
    "status": ("appointmentStatus", "status"),
    "booking_uuid": ("bookingUuid",),
    "service_name": ("serviceName",),
    "service_category": ("serviceCategory",),
    "employee_name": ("employeeFullName", "employeeName"),
    "employee_email": ("employeeEmail",),
    "employee_phone": ("employeePhone",),
    "customer_name": ("customerFullName", "customerName"),
    "customer_first_name": ("customerFirstName",),
    "customer_last_name": ("customerLastName",),
    "customer_email": ("customerEmail",),
    "customer_phone": ("customerPhone",),
    "location_name": ("locationName",),
    "location_address": ("locationAddress",),
    "cancel_reason": ("reasonForCanceling", "cancelReason"),
}
_STARTS = ("appointmentStart", "dateTime", "startDateTime")
_ENDS = ("appointmentEnd", "endDateTime")
_HOURS = re.compile(r"(\d{1,3})\s*h", re.ASCII | re.IGNORECASE)
_MINUTES = re.compile(r"(\d{1,4})\s*m", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What a body does not say: the shop's zone and currency, and which comes first in its dates, if that is known."""

    zone: ZoneInfo
    minor_digits: int = 2
    day_order: DayOrder | None = None


@dataclass(frozen=True)
class WebhookAppointment:
    """What one event says of an appointment; moments are aware UTC. `unreadable` gives field → why it is null.

    `price` is that of the whole booking, not of a seat. The fields are the columns of `control.webhook_appointments`.
    """

    external_id: str
    status: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    price: Decimal | None = None
    booking_uuid: str | None = None
    service_name: str | None = None
    service_category: str | None = None
    employee_name: str | None = None
    employee_email: str | None = None
    employee_phone: str | None = None
    customer_name: str | None = None
    customer_first_name: str | None = None
    customer_last_name: str | None = None
    customer_email: str | None = None
    customer_phone: str | None = None
    location_name: str | None = None
    location_address: str | None = None
    cancel_reason: str | None = None
    extras: Any = None
    custom_fields: Any = None
    unreadable: Mapping[str, str] = field(default_factory=dict)


def appointment_id(fields: Mapping[str, Any]) -> str | None:
    """Return the id of the appointment that the event speaks of, None when it has none that can be read."""
    return _id(flat(fields), ("appointmentId", "appointment_id", "id"))


def customer_id(fields: Mapping[str, Any]) -> str | None:
    """Return the id of the customer that the event speaks of; appointments' events have none."""
    return _id(flat(fields), ("customerId", "customer_id", "id"))


def dates_in(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that are dates, which together may show in what order the account writes day and month."""
    for key, value in flat(fields).items():
        if key.startswith((*_STARTS, *_ENDS)) and isinstance(value, str):
            yield value


def read_appointment(fields: Mapping[str, Any], reading: Reading) -> WebhookAppointment | None:
    """Return what clean `fields` say of an appointment, or None when they do not say which. Raises nothing."""
    external_id = appointment_id(fields)
    if external_id is None:
        return None
    record = flat(fields)
    order = order_shown(dates_in(fields)) or reading.day_order
    unreadable: dict[str, str] = {}

    def try_to(name: str, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Unreadable as error:
            unreadable[name] = str(error)
            return None

    starts_at = try_to("starts_at", lambda: _moment(record, _STARTS, reading.zone, order))
    ends_at = try_to("ends_at", lambda: _end(record, starts_at, reading.zone, order))
    return WebhookAppointment(
        external_id=external_id,
        starts_at=starts_at,
        ends_at=ends_at,
        price=try_to("price", lambda: _money(_first(record, ("appointmentPrice", "price")), reading.minor_digits)),
        extras=gathered(record, "extras"),
        custom_fields=gathered(record, "customFields"),
        unreadable=unreadable,
        **{name: try_to(name, partial(_words, record, keys)) for name, keys in _TEXTS.items()},
    )


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Return the first of these fields that holds something; "-" is how Trafft writes an empty one."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str):
            value = value.strip()
        if value not in (None, "", "-", [], {}):
            return value
    return None


def _id(record: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    try:
        found = identifier(_first(record, keys))
    except Unreadable:
        return None
    return found


def _words(record: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    value = _first(record, keys)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise Unreadable(f"expected text, got {type(value).__name__}")


def _money(value: Any, minor_digits: int) -> Decimal | None:
    if value is None:
        return None
    amount = price(value, minor_digits) if isinstance(value, str | int | float) else None
    if amount is None:
        raise Unreadable(f"expected an amount such as $38.00, got {str(value)[:40]!r}")
    return amount


def _moment(
    record: Mapping[str, Any], names: tuple[str, ...], zone: ZoneInfo, order: DayOrder | None
) -> datetime | None:
    appointment, *others = names
    value = _first(record, (f"{appointment}DateTime", *others))
    if value is None:
        parts = [_first(record, (f"{appointment}{part}",)) for part in ("Date", "Time")]
        if parts[0] is None:
            return None
        value = " ".join(str(part) for part in parts if part is not None)
    if isinstance(value, str):
        return local_moment(value, zone, order)
    found = moment(value, zone)
    if found is None or found.year not in YEARS:
        raise Unreadable(f"no moment that a booking could have: {value}")
    return found


def _end(
    record: Mapping[str, Any], starts_at: datetime | None, zone: ZoneInfo, order: DayOrder | None
) -> datetime | None:
    ends_at = _moment(record, _ENDS, zone, order)
    if ends_at is None and starts_at is not None:
        length = _length(_first(record, ("serviceDuration", "duration")))
        return starts_at + length if length else None
    if ends_at is not None and starts_at is not None and ends_at < starts_at:
        raise Unreadable("the end lies before the start")
    return ends_at


def _length(value: Any) -> timedelta | None:
    """Return a length from 30 (minutes), "30min" or "1h 15min"; None when none of less than a day can be made out."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        minutes = float(value)
    else:
        words = value if isinstance(value, str) else ""
        hours, rest = _HOURS.search(words), _MINUTES.search(words)
        minutes = 60.0 * int(hours[1] if hours else 0) + int(rest[1] if rest else 0)
    return timedelta(minutes=minutes) if 0 < minutes <= 24 * 60 else None
