"""Reads the dates that Trafft's webhooks carry: written for people, in whatever style the account has chosen."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable
from ingestion.trafft.values import moment

DayOrder = Literal["dmy", "mdy"]
"""Which of the two comes first in 05/06/2025: the day or the month."""

YEARS = range(1990, 2200)
"""A year outside these is a misread date: nobody books a haircut then."""

# The first letters that tell a month from the others, in English, German, French, Spanish, Italian, Portuguese, Dutch.
_MONTHS = {
    **dict.fromkeys(("jan", "ene", "gen"), 1),
    **dict.fromkeys(("feb", "fev"), 2),
    **dict.fromkeys(("mar", "mrz", "maa", "mrt"), 3),
    **dict.fromkeys(("apr", "avr", "abr"), 4),
    **dict.fromkeys(("may", "mai", "mag", "mei"), 5),
    **dict.fromkeys(("jun", "juin", "giu"), 6),
    **dict.fromkeys(("jul", "juil", "lug"), 7),
    **dict.fromkeys(("aug", "aou", "ago"), 8),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "ott", "out"), 10),
    **dict.fromkeys(("nov",), 11),
    **dict.fromkeys(("dec", "dez", "dic"), 12),
}
_MACHINE = re.compile(r"\d{4}-\d\d-\d\d\D|\d{4}-\d\d-\d\d$|\d{9,13}$", re.ASCII)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)", re.ASCII)
_TIME = re.compile(
    r"(?<![\d./-])(\d{1,2})(?:\s*[:h.]\s*(\d{2})(?::(\d{2}))?|(?=\s*[ap]\.?m))\s*h?\s*(?:([ap])\.?\s?m\b\.?)?",
    re.ASCII | re.IGNORECASE,
)
_DAY_AND_YEAR = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|\.)?(?!\d).*?(?<!\d)(\d{4})(?!\d)", re.ASCII)


def local_moment(words: str, zone: ZoneInfo, order: DayOrder | None) -> datetime:
    """Return an aware UTC moment from a date and time as a person reads them in the shop's `zone`.

    `order` decides between day and month where the date itself does not. Raises `Unreadable` where nothing decides,
    and for what is no date with a time.
    """
    words = words.strip()
    if _MACHINE.match(words):
        found = moment(words, zone)
        if found is None or found.year not in YEARS:
            raise Unreadable(f"no year that a booking could have in {words[:40]!r}")
        return found
    numeric = _NUMERIC.search(words)
    clock, rest = _time_in(_NUMERIC.sub(" ", words, count=1) if numeric else words)
    year, month, day = _numeric_date(numeric, order) if numeric else _written_date(rest)
    try:
        return datetime.combine(datetime(year, month, day, tzinfo=UTC), clock, zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"no such date: {words[:40]!r}") from error


def order_shown(dates: Iterable[str]) -> DayOrder | None:
    """Return what the first date settles whose day or month is greater than twelve, or None when none does."""
    for words in dates:
        numeric = _NUMERIC.search(words)
        if numeric is None or len(numeric[1]) > 2:
            continue
        first, second = int(numeric[1]), int(numeric[3])
        if (first > 12) != (second > 12):
            return "dmy" if first > 12 else "mdy"
    return None


def _numeric_date(found: "re.Match[str]", order: DayOrder | None) -> tuple[int, int, int]:
    first, mark, second, last = int(found[1]), found[2], int(found[3]), int(found[4])
    if len(found[1]) > 2:
        year, month, day = first, second, last
    else:
        year = last if len(found[4]) == 4 else 2000 + last
        # Nobody writes the month first with points.
        order = order_shown([found[0]]) or ("dmy" if mark == "." or first == second else order)
        if order is None:
            raise Unreadable(f"{found[0]!r} may mean day or month first, and no other date of this shop says which")
        day, month = (first, second) if order == "dmy" else (second, first)
    if year not in YEARS:
        raise Unreadable(f"no year that a booking could have in {found[0]!r}")
    return year, month, day


def _written_date(words: str) -> tuple[int, int, int]:
    """Read June 23, 2025, 23. Juni 2025 and the like."""
    numbers = _DAY_AND_YEAR.search(words)
    months = {number for word in re.findall(r"[^\W\d_]+", _plain(words)) if (number := _month(word))}
    if numbers is None or len(months) != 1 or int(numbers[2]) not in YEARS:
        raise Unreadable(f"expected a date such as June 23, 2025 10:00 am, got {words[:40]!r}")
    return int(numbers[2]), months.pop(), int(numbers[1])


def _month(word: str) -> int | None:
    """Return the number of a month's name or abbreviation; juin and juillet differ in the fourth letter only."""
    return _MONTHS.get(word[:4]) or (_MONTHS.get(word[:3]) if len(word) >= 3 else None)


def _plain(words: str) -> str:
    """Return the words in lower case and without accents: août, März, décembre."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(mark))


def _time_in(words: str) -> tuple[time, str]:
    """Return the time of day, and the words without it."""
    found = list(_TIME.finditer(words))
    if not found:
        raise Unreadable(f"expected a time of day such as 10:00 am in {words.strip()[:40]!r}")
    hour, minute, second, half = found[-1].groups()
    hours = int(hour)
    if half and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    try:
        clock = time(hours, int(minute or 0), int(second or 0))
    except ValueError:
        raise Unreadable(f"no such time: {found[-1][0].strip()!r}") from None
    return clock, words[: found[-1].start()] + " " + words[found[-1].end() :]
