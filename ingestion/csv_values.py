"""Reads dates, times, durations and amounts as people's spreadsheets write them, once their style is known.

A style is a property of a whole column, never of one cell: 03/04/2025 alone says nothing, and 25/04/2025 three lines
below says it for both. Each function raises `Unreadable` for a text that is there but says nothing.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Literal

from ingestion.records import Unreadable
from ingestion.trafft.values import price

DateOrder = Literal["dmy", "mdy", "ymd"]
DecimalMark = Literal["comma", "point"]

# English, German, Spanish, French, Italian, Portuguese, Dutch; abbreviations are beginnings of these.
_MONTHS = (
    "january januar enero janvier gennaio janeiro januari",
    "february februar febrero fevrier febbraio fevereiro februari",
    "march marz maerz marzo mars marco maart mrt",
    "april abril avril aprile",
    "may mai mayo maggio maio mei",
    "june juni junio juin giugno junho",
    "july juli julio juillet luglio julho",
    "august agosto aout augustus",
    "september septiembre septembre settembre setembro",
    "october oktober octubre octobre ottobre outubro",
    "november noviembre novembre novembro",
    "december dezember diciembre decembre dicembre dezembro",
)
_SHORTEST_MONTH = 3

_NUMERIC = re.compile(r"\s*(?:[^\W\d_]+\.?,?\s+)?(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?!\d)\.?")
_WORD = r"(?P<month>[^\W\d_]{3,})\.?"
_WRITTEN = (
    re.compile(rf"{_WORD}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?,?\s+(?P<year>\d{{4}})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s-]*(?:de\s+|of\s+)?{_WORD},?[\s-]+(?:de\s+|del\s+)?"
        r"(?P<year>\d{4})(?!\d)"
    ),
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:\s?[:.hH]\s?(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?)?\s*"
    r"(?P<half>[ap]\.?\s?m\b\.?)?(?P<h>\s?h\b)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\s*(?:(Z)\b|([+-])(\d{2}):?(\d{2}))\s*")
_BEFORE_CLOCK = re.compile(r"[\sT,]*(?:(?:at|um|om|a las|à|alle|às|@)\s+)?", re.IGNORECASE)
_AFTER_CLOCK = re.compile(r"[\s.]*(?:uhr|hrs?|h|uur)?[\s.]*", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|\u2013|\u2014|to|bis)\s*", re.IGNORECASE)

_HOURS = re.compile(
    r"(\d{1,6}(?:[.,]\d{1,6})?)\s*(?:h|hrs?|hours?|std|stunden?|heures?|horas?|ore|ora|uur|u)(?![^\W\d_])\.?"
)
_MINUTES = re.compile(r"(\d{1,9})\s*(?:m|mins?|minutes?|minuten?|minutos?|minuti|minuut|')(?![^\W\d_])\.?")
_HOURS_AND_MINUTES = re.compile(r"(\d{1,3}):(\d{2})(?::\d{2})?", re.ASCII)

_AMOUNT = re.compile(r"\d[\d.,'\u2019\u00a0\u202f ]*")


@dataclass(frozen=True)
class Clock:
    """What follows a date: a time of day, perhaps with an offset from UTC, perhaps with the end of a span."""

    at: time
    offset: str = ""
    """As ISO 8601 writes it, or empty for a local time."""
    until: time | None = None


@dataclass
class DateOrders:
    """What the dates of one column give away about which number is the day."""

    day_first: tuple[int, str] | None = None
    month_first: tuple[int, str] | None = None
    either: tuple[int, str] | None = None
    """The first line of each kind, with its text."""

    def see(self, line: int, text: str) -> None:
        """Take in one cell."""
        found = _NUMERIC.match(text)
        if not found or len(found[1]) > 2:
            return
        first, second = int(found[1]), int(found[3])
        if 12 < first <= 31 and 1 <= second <= 12:
            self.day_first = self.day_first or (line, text)
        elif 12 < second <= 31 and 1 <= first <= 12:
            self.month_first = self.month_first or (line, text)
        elif first != second and first <= 12 and second <= 12:
            self.either = self.either or (line, text)


@dataclass
class DecimalMarks:
    """What the amounts of one column give away about their decimal mark."""

    comma: tuple[int, str] | None = None
    point: tuple[int, str] | None = None

    def see(self, line: int, text: str) -> None:
        """Take in one cell."""
        mark = _decimal_mark(text)
        if mark == "comma":
            self.comma = self.comma or (line, text)
        elif mark == "point":
            self.point = self.point or (line, text)


def date_order_of(words: str) -> DateOrder:
    """Return the order that a person means by dmy, DD/MM/YYYY, d.m.Y or %d/%m/%Y. Raises `Unreadable`."""
    letters = re.sub(r"[^dmy]", "", words.strip().split()[0].lower() if words.strip() else "")
    order = re.sub(r"(.)\1+", r"\1", letters)
    known: dict[str, DateOrder] = {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}
    if order in known:
        return known[order]
    raise Unreadable(f"{words!r} is no order of day, month and year; write it as dmy, mdy or ymd, or as DD/MM/YYYY")


def split_date(text: str, order: DateOrder) -> tuple[date, str]:
    """Return the date that a text begins with, and the rest of the text.

    A year of four digits in front and a month that is written out are taken as they stand; `order` decides the others.
    """
    if found := _NUMERIC.match(text):
        numbers = (found[1], found[3], found[4])
        which = "ymd" if len(found[1]) == 4 else order
        if len(found[1]) == 3 or (len(found[1]) == 4 and len(found[4]) == 4):
            raise _no_date(text)
        parts = dict(zip(which, numbers, strict=True))
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        return _date(year, int(parts["m"]), int(parts["d"]), text), text[found.end() :]
    for pattern in _WRITTEN:
        for found in pattern.finditer(text):
            if month := _month(found["month"]):
                return _date(int(found["year"]), month, int(found["day"]), text), text[found.end() :]
    raise _no_date(text)


def read_clock(text: str) -> Clock | None:
    """Return the time of day in what follows a date or stands in a column of its own; None when there is nothing."""
    rest = text[_end(_BEFORE_CLOCK.match(text)) :]
    if not rest.strip():
        return None
    at, has_seconds, rest = _time(rest, text)
    offset = ""
    zone = _OFFSET.match(rest)
    # 10:00-10:30 is a span of time, 10:00:00-05:00 and 2025-06-21T10:00-05:00 tell the zone.
    if zone and (zone[1] or zone[2] == "+" or has_seconds or text.startswith("T")):
        offset = "+00:00" if zone[1] else f"{zone[2]}{zone[3]}:{zone[4]}"
        rest = rest[zone.end() :]
    until = None
    if rest.strip() and (to := _RANGE.match(rest)):
        until, _, rest = _time(rest[to.end() :], text)
    if rest.strip():
        raise _no_time(text)
    return Clock(at, offset, until)


def read_duration(text: str, seconds_per_unit: int) -> int:
    """Return seconds from "30min", "1h 15min", "1:15" or a bare number, whose unit the whole column decides."""
    words = " ".join(text.split()).lower()
    if words.isascii() and words.isdecimal():
        return _bounded(int(words[:18]) * seconds_per_unit, text)
    if found := _HOURS_AND_MINUTES.fullmatch(words):
        return _bounded(int(found[1]) * 3600 + int(found[2]) * 60, text)
    hours, minutes = _HOURS.search(words), _MINUTES.search(words)
    left = _MINUTES.sub("", _HOURS.sub("", words, count=1), count=1)
    # "1h 15" has its minutes without a word.
    if hours and not minutes and re.fullmatch(r"\s*\d{1,2}\s*", left, re.ASCII):
        return _bounded(int(hours[1]) * 3600 + int(left) * 60 if hours[1].isdecimal() else -1, text)
    if not (hours or minutes) or left.strip(" ,.") not in ("", "and", "und", "y", "et", "e", "en"):
        raise _no_duration(text)
    in_hours = Decimal(hours[1].replace(",", ".")) * 3600 if hours else Decimal(0)
    return _bounded(int(in_hours) + (int(minutes[1][:18]) * 60 if minutes else 0), text)


def read_amount(text: str, mark: DecimalMark | None, minor_digits: int) -> Decimal | None:
    """Return the exact amount in a text of any style, or None when none can be made out: unknown, never zero.

    Without a `mark` the amount alone decides, as it does for the API's prices.
    """
    tidy = text.replace("'", "").replace("\u2019", "")
    if mark is None:
        return price(tidy, minor_digits)
    grouping, decimal = (".", ",") if mark == "comma" else (",", ".")
    found = _AMOUNT.search(tidy)
    if found is None:
        return None
    digits = re.sub(r"[^\d.,]", "", found.group()).rstrip(".,")
    # 38,50 under a decimal point is no amount: to read 3850 would be worse than to read nothing.
    if re.search(rf"\{grouping}(?!\d{{3}}(?!\d))", digits) or digits.count(decimal) > 1:
        return None
    plain = digits.replace(grouping, "").replace(decimal, ".")
    # Three minor digits keep 38.000 from being taken for 38 thousands: what groups is gone already.
    return price(tidy[: found.start()] + plain + tidy[found.end() :], 3)


def _decimal_mark(text: str) -> DecimalMark | None:
    found = _AMOUNT.search(text)
    if found is None:
        return None
    digits = re.sub(r"[^\d.,]", "", found.group()).rstrip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return None
    mark: DecimalMark = "comma" if digits[last] == "," else "point"
    if {".", ","} <= set(digits):
        return mark
    if digits.count(digits[last]) > 1:
        return "point" if mark == "comma" else "comma"
    return None if len(digits) - last - 1 == 3 else mark


def _time(text: str, whole: str) -> tuple[time, bool, str]:
    found = _CLOCK.match(text)
    if not found or not (found["minute"] or found["half"] or found["h"]):
        raise _no_time(whole)
    hour = int(found["hour"])
    half = (found["half"] or "")[:1].lower()
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    try:
        at = time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        raise _no_time(whole) from None
    rest = text[found.end() :]
    after = _end(_AFTER_CLOCK.match(rest))
    return at, found["second"] is not None, rest[after:]


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is no day of the calendar") from None


@cache
def _month(word: str) -> int | None:
    """Return a month from its name or an abbreviation that fits one month only."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    exact = {number for number, names in enumerate(_MONTHS, 1) if plain in names.split()}
    near = {
        number
        for number, names in enumerate(_MONTHS, 1)
        if len(plain) >= _SHORTEST_MONTH and any(name.startswith(plain) for name in names.split())
    }
    found = exact or near
    return found.pop() if len(found) == 1 else None


def _bounded(seconds: int, text: str) -> int:
    if not 0 <= seconds <= 366 * 86_400:
        raise _no_duration(text)
    return seconds


def _end(found: re.Match[str] | None) -> int:
    return found.end() if found else 0


def _no_date(text: str) -> Unreadable:
    return Unreadable(f"expected a date such as 2025-06-21 or June 21, 2025, got {text[:40]!r}")


def _no_time(text: str) -> Unreadable:
    return Unreadable(f"expected a time such as 14:30 or 2:30 pm, got {text.strip()[:40]!r}")


def _no_duration(text: str) -> Unreadable:
    return Unreadable(f"expected a duration such as 30min or 1h 15min, got {text[:40]!r}")


def local_text(day: date, at: time) -> str:
    """Return a local moment as ISO 8601 writes it."""
    return datetime.combine(day, at).isoformat()
