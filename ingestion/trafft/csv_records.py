"""Turns a row of a Trafft export into a record in the API's shape, so that both are promoted by the same code.

An export names people and services but not their ids: those come from the version log where a name, an email or a
phone number fits one only. What the export says beyond the API's fields is kept under names of its own.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from ingestion.csv_text import Row
from ingestion.csv_values import Clock, local_text, read_amount, read_clock, read_duration, split_date
from ingestion.records import Resource, ShopContext, Unreadable
from ingestion.trafft.csv_columns import Columns
from ingestion.trafft.csv_formats import Formats
from ingestion.trafft.directory import Directory
from ingestion.trafft.models import APPOINTMENTS, CUSTOMERS, parse_appointment
from ingestion.trafft.values import identifier, moment

REFUSED = "refused"
"""Key of a record that stands for a line that cannot be read: the reason. It travels to the quarantine as a record."""
UNKNOWN_PRICE = "price_text"
"""Key of what a price said that is no amount."""


STATUSES = ("approved", "pending", "canceled", "rejected", "no-show")
"""As the API writes them. An export writes display words, and in the account's language."""


@dataclass(frozen=True)
class CsvReader:
    """Reads the rows of one export of one shop."""

    columns: Columns
    formats: Formats
    context: ShopContext
    directory: Directory
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Word of the export (`plain_status`) → status as the API writes it; a word that is not here stays as it is."""

    def read(self, row: Row) -> dict[str, Any]:
        """Return the record. Raises `Unreadable`."""
        cells = {name: tidy(row.cells[place]) for name, place in self.columns.places.items()}
        others = {heading: text for heading, place in self.columns.others.items() if (text := tidy(row.cells[place]))}
        kind = self._appointment if self.columns.layout.resource == APPOINTMENTS.name else self._customer
        try:
            record = kind(cells)
        except OverflowError:
            raise Unreadable(f"date: {cells.get('date')!r} lies outside the calendar") from None
        return {**record, "other": others} if others else record

    def _appointment(self, cells: Mapping[str, str | None]) -> dict[str, Any]:
        starts_at, ends_at = self._times(cells)
        status = cells.get("status")
        status = self.statuses.get(plain_status(status or ""), status)
        customer = self._booked_by(cells)
        service, employee, location = cells.get("service"), cells.get("employee"), cells.get("location")
        email = cells.get("employee_email")
        amount = cells.get("price")
        known = self.directory
        return {
            "id": self._id(cells),
            "status": status,
            "start_date_time": starts_at.isoformat(),
            "end_date_time": ends_at.isoformat() if ends_at else None,
            "created_at": self._booked_at(cells),
            "note": cells.get("note"),
            "service": {"id": known.services.find(name=service), "name": service} if service else None,
            "location": {"id": known.locations.find(name=location), "name": location} if location else None,
            "employees": [{"id": known.employees.find(name=employee, email=email), "first_name": employee}]
            if employee or email
            else [],
            "bookings": [{"status": status, "customer": customer}] if customer else [],
            **_price(amount, self.formats, self.context),
            "service_category": cells.get("category"),
            "cancel_reason": cells.get("cancel_reason"),
            "booking_uuid": cells.get("booking_uuid"),
            "meeting_link": cells.get("meeting_link"),
            "recurring": cells.get("recurring"),
        }

    def _customer(self, cells: Mapping[str, str | None]) -> dict[str, Any]:
        first, last = _names(cells.get("first_name"), cells.get("last_name"), cells.get("name"))
        email, phone = cells.get("email"), cells.get("phone")
        full = " ".join(filter(None, (first, last))) or None
        if "id" in self.columns.places:
            external_id: str | None = self._id(cells)
        else:
            external_id = self.directory.customers.find(email=email, phone=phone, name=full)
        if external_id is None:
            raise Unreadable(
                "the file has no column for id, and no synced customer has this email, phone or name alone; "
                "export it with the customers' ids, or sync the shop first"
            )
        return {
            "id": external_id,
            "first_name": first,
            "last_name": last,
            "email": email,
            "phone_number": phone,
            "phone_country_code": cells.get("phone_country_code"),
            "birthday": cells.get("birthday"),
            "gender": cells.get("gender"),
        }

    def _id(self, cells: Mapping[str, str | None]) -> str:
        external_id: str | None = _of("id", identifier, cells.get("id"))
        if external_id is None:
            raise Unreadable("id: missing")
        return external_id

    def _times(self, cells: Mapping[str, str | None]) -> tuple[datetime, datetime | None]:
        """Return start and end in UTC; a local time is the shop's."""
        text = cells.get("date")
        if text is None:
            raise Unreadable("date: missing")
        day, rest = _of("date", split_date, text, self.formats.date_order)
        clock = _of("date", read_clock, rest)
        if clock is None or cells.get("time"):
            clock = _of("time", read_clock, cells.get("time") or "") or clock
        if clock is None:
            raise Unreadable("time: missing")
        starts_at = self._moment(day, clock)
        if (length := cells.get("duration")) is not None:
            seconds = _of("duration", read_duration, length, self.formats.seconds_per_unit)
            return starts_at, starts_at + timedelta(seconds=seconds)
        return starts_at, self._end(day, clock, cells.get("end"))

    def _end(self, day: date, clock: Clock, text: str | None) -> datetime | None:
        """Return the end from its column, or from a span such as 10:00-10:30."""
        if text is None:
            if clock.until is None:
                return None
            return self._moment(_day_of_end(day, clock, clock.until), Clock(clock.until, clock.offset))
        try:
            end_day, rest = split_date(text, self.formats.date_order)
        except Unreadable:
            end = _of("end", read_clock, text)
            return None if end is None else self._moment(_day_of_end(day, clock, end.at), end)
        end = _of("end", read_clock, rest)
        if end is None:
            raise Unreadable(f"end: {text[:40]!r} has no time")
        return self._moment(end_day, end)

    def _moment(self, day: date, clock: Clock) -> datetime:
        found = moment(local_text(day, clock.at) + clock.offset, self.context.zone)
        assert found is not None  # noqa: S101 -- the text is never empty
        return found

    def _booked_at(self, cells: Mapping[str, str | None]) -> str | None:
        """When a booking was made is good to know, but no reason to put the whole booking aside."""
        with suppress(Unreadable):
            day, rest = split_date(cells.get("booked") or "", self.formats.date_order)
            clock = read_clock(rest)
            return None if clock is None else self._moment(day, clock).isoformat()
        return None

    def _booked_by(self, cells: Mapping[str, str | None]) -> dict[str, Any] | None:
        first, last = _names(cells.get("customer_first_name"), cells.get("customer_last_name"), cells.get("customer"))
        email, phone = cells.get("customer_email"), cells.get("customer_phone")
        if not (first or last or email or phone):
            return None
        full = " ".join(filter(None, (first, last))) or None
        found = self.directory.customers.find(email=email, phone=phone, name=full)
        return {"id": found, "first_name": first, "last_name": last, "email": email, "phone_number": phone}


def tidy(cell: str) -> str | None:
    """Return a cell's text, None for an empty one: Trafft writes "-" for it, spreadsheets guard signs with quotes."""
    text = cell.strip()
    if len(text) > 3 and text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    if len(text) > 1 and text[0] == "'" and text[1] in "=+-@":
        text = text[1:]
    return None if text in ("", "-", "\u2013", "\u2014") else text


def plain_status(word: str) -> str:
    """Return a status for comparing: No-show, no_show and NO SHOW are one."""
    return re.sub(r"[\W_]", "", word).casefold()


def is_known_status(word: str) -> bool:
    """Tell whether the models will know what a status means."""
    return plain_status(word) in {"cancelled", *map(plain_status, STATUSES)}


def _names(first: str | None, last: str | None, full: str | None) -> tuple[str | None, str | None]:
    """Return first and last name; of a full name alone the first word is the first name."""
    if first or last or full is None:
        return first, last
    words = full.split(maxsplit=1)
    return words[0], words[1] if len(words) > 1 else None


def _price(text: str | None, formats: Formats, context: ShopContext) -> dict[str, str | None]:
    """An amount that cannot be made out is unknown, never zero; its text is kept for a person to look at."""
    amount = None if text is None else read_amount(text, formats.decimal_mark, context.minor_digits)
    if text is not None and amount is None:
        return {"price": None, UNKNOWN_PRICE: text}
    return {"price": None if amount is None else f"{amount.normalize():f}"}


def _day_of_end(day: date, start: Clock, end: time) -> date:
    """A span that ends earlier on the clock than it starts ends on the next day."""
    return day + timedelta(days=1) if end < start.at else day


def _of(name: str, read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from None


def refused(line: int, reason: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the record that stands for a line that cannot be read; `cells` is what it held, by heading."""
    return {REFUSED: f"line {line}: {reason}", "line": line, "cells": dict(cells)}


def _identify(record: Mapping[str, Any]) -> str | None:
    if REFUSED in record:
        raise Unreadable(str(record[REFUSED]))
    return identifier(record.get("id"))


def _parse_appointment(record: Mapping[str, Any], context: ShopContext) -> tuple[Any, ...]:
    values = dict(zip(APPOINTMENTS.columns, parse_appointment(record, context), strict=True))
    values["price"] = None if record["price"] is None else Decimal(record["price"])
    # An export has one customer a line, and the price is what that one pays: models take both from the booking.
    bookings = [
        {**booking, "customer_phone": told["customer"]["phone_number"], "price": record["price"]}
        for booking, told in zip(orjson.loads(values["bookings"]), record["bookings"], strict=True)
    ]
    values["bookings"] = orjson.dumps(bookings).decode()
    for name in ("service_category", "cancel_reason", "booking_uuid"):
        values[name] = record[name]
    return tuple(values.values())


# Times are moments already and so part of the record: what they were read with needs no second mention.
_CSV_APPOINTMENTS = replace(
    APPOINTMENTS, identify=_identify, parse=_parse_appointment, read_with=lambda context: "csv|1"
)
_CSV_CUSTOMERS = replace(CUSTOMERS, identify=_identify, read_with=lambda context: "csv|1")
CSV_RESOURCES: Mapping[str, Resource] = {one.name: one for one in (_CSV_APPOINTMENTS, _CSV_CUSTOMERS)}
"""The lists that can be imported, as their records from `CsvReader.read` and `refused` enter the version log."""
