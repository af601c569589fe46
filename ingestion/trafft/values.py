"""Reads single values of a Trafft record: ids, moments, prices and durations in every spelling that was seen.

Each function returns None for an absent value and raises `Unreadable` for one that is there but says nothing.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable

EPOCH_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on are milliseconds: as seconds they would lie after the year 5138."""

SHORTEST_SERVICE_SECONDS = 300
"""A whole price list of durations of at least 300, all divisible by 60, is in seconds: no barber sells less."""

LONGEST_ID = 255
"""The seed's column width; an index entry of PostgreSQL holds about 2,700 bytes, and one longer would fail a load."""

PRICE_LIMIT = Decimal(10) ** 15
"""The column is numeric(19, 4): fifteen digits before the point."""

_AMOUNT = re.compile(r"\d[\d.,'\u00a0\u202f ]*")
_NEGATIVE = re.compile(r"[-\u2212]\s*[^\d\s]{0,3}\s*\d|\(.*\d.*\)")


def text(value: Any) -> str | None:
    """Return text as it is, numbers as their digits, and None for null; Trafft mixes the two freely."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise Unreadable(f"expected text, got {type(value).__name__}")


def identifier(value: Any) -> str | None:
    """Return an id as text: 18520, "18520" and a UUID are all ids; null, "" and booleans are none.

    Raises `Unreadable` for a list, an object, a fraction or a boolean.
    """
    if type(value) is int:
        return str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f"expected an id (number or text), got {type(value).__name__}")
    if len(value) > LONGEST_ID:
        raise Unreadable(f"expected an id of at most {LONGEST_ID} characters, got {len(value)}")
    return value.strip() or None


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return an aware UTC moment from ISO-8601 with or without offset, or epoch seconds or milliseconds.

    A local time without offset is read in the shop's `zone`. One inside a spring gap moves forward by the gap, one
    that happens twice in autumn means the first: PEP 495 with fold=0 does both.
    """
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            # Putting the parts together takes a quarter of the time of parsed.replace(tzinfo=zone).
            aware = parsed if parsed.tzinfo else datetime.combine(parsed, parsed.time(), zone)
            return aware.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= EPOCH_MILLISECONDS_FROM else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        if isinstance(value, str) and value.strip().isdecimal():
            return moment(int(value), zone)
    raise Unreadable(f"expected a date and time such as 2026-03-02 14:30:00, got {str(value)[:40]!r}")


def price(value: Any, minor_digits: int = 2) -> Decimal | None:
    """Return an exact amount from 38, 55.5, "55.50", "$1,234.50" or "38,00 €"; None when none can be made out.

    A price that cannot be read is unknown, never zero; a negative one is none. The last of `.` and `,` is the decimal
    mark. One that stands alone before exactly three digits ("1,234") groups thousands, unless the currency is written
    with three decimals (`minor_digits`, ISO 4217).
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float) else _amount_in(str(value), minor_digits)
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite() or not 0 <= amount < PRICE_LIMIT:
        return None
    return round(amount, 4) if amount.as_tuple().exponent < -4 else amount  # type: ignore[operator]  # finite: an int


def _amount_in(words: str, minor_digits: int) -> Decimal | None:
    found = _AMOUNT.search(words)
    if not found or _NEGATIVE.search(words):
        return None
    digits = re.sub(r"[^\d.,]", "", found.group()).rstrip(".,")
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark < 0:
        return Decimal(digits)
    whole, decimals = digits[:mark], digits[mark + 1 :]
    is_lone = not re.search(r"[.,]", whole)
    is_grouping = len(decimals) == 3 and (digits[mark] in whole or (is_lone and minor_digits != 3))
    whole = re.sub(r"[.,]", "", whole)
    return Decimal(whole + decimals) if is_grouping else Decimal(f"{whole}.{decimals}")


def whole_number(value: Any) -> int | None:
    """Return a count from 1, 1.0 or "1"; numbers of more than eighteen digits are none that a shop could mean."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or number.adjusted() >= 18:
        raise Unreadable(f"expected a number, got {str(value)[:40]!r}")
    return int(number)


def seconds_per_unit(durations: Iterable[Any]) -> int:
    """Return 1 when a price list's durations are seconds and 60 when they are minutes; the API does not say which."""
    known = [number for value in durations if (number := _number(value))]
    in_seconds = all(number >= SHORTEST_SERVICE_SECONDS and number % 60 == 0 for number in known)
    return 1 if known and in_seconds else 60


def _number(value: Any) -> int | None:
    try:
        return whole_number(value)
    except Unreadable:
        return None
