"""The days on which shops of a country stay shut: fixed dates, nth weekdays, Easter; no feasts by the moon."""

from collections.abc import Callable
from datetime import date, timedelta

_MONDAY, _THURSDAY = 0, 3
Rule = Callable[[int], date]


def holidays(country: str, first: date, days: int) -> set[int]:
    """Closed days as offsets from `first`, within `days` of it."""
    years = range(first.year, (first + timedelta(days=days)).year + 1)
    offsets = {(rule(year) - first).days for year in years for rule in _RULES[country]}
    return {offset for offset in offsets if 0 <= offset < days}


def _on(month: int, day: int) -> Rule:
    return lambda year: date(year, month, day)


def _nth(number: int, weekday: int, month: int) -> Rule:
    def rule(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))

    return rule


def _last(weekday: int, month: int) -> Rule:
    def rule(year: int) -> date:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)

    return rule


def _easter(offset: int) -> Rule:
    return lambda year: _easter_sunday(year) + timedelta(days=offset)


def _easter_sunday(year: int) -> date:
    """Gauss's method in the form of Meeus, Jones and Butcher."""
    century, short = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (short // 4) - moon - short % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


_NEW_YEAR, _CHRISTMAS, _BOXING_DAY = _on(1, 1), _on(12, 25), _on(12, 26)
_GOOD_FRIDAY, _EASTER_MONDAY = _easter(-2), _easter(1)
_LABOUR_DAY = _nth(1, _MONDAY, 9)

_RULES: dict[str, tuple[Rule, ...]] = {
    "US": (_NEW_YEAR, _last(_MONDAY, 5), _on(7, 4), _LABOUR_DAY, _nth(4, _THURSDAY, 11), _CHRISTMAS),
    "GB": (_NEW_YEAR, _GOOD_FRIDAY, _EASTER_MONDAY, _nth(1, _MONDAY, 5), _last(_MONDAY, 8), _CHRISTMAS, _BOXING_DAY),
    "AU": (_NEW_YEAR, _on(1, 26), _GOOD_FRIDAY, _EASTER_MONDAY, _on(4, 25), _CHRISTMAS, _BOXING_DAY),
    "IN": (_on(1, 26), _on(8, 15), _on(10, 2)),
    "JP": (_NEW_YEAR, _on(1, 2), _on(1, 3), _on(5, 3), _on(5, 4), _on(5, 5), _on(12, 31)),
    "KW": (_NEW_YEAR, _on(2, 25), _on(2, 26)),
    "DE": (
        _NEW_YEAR,
        _GOOD_FRIDAY,
        _EASTER_MONDAY,
        _on(5, 1),
        _easter(39),
        _easter(50),
        _on(10, 3),
        _CHRISTMAS,
        _BOXING_DAY,
    ),
    "CA": (_NEW_YEAR, _GOOD_FRIDAY, _on(7, 1), _LABOUR_DAY, _nth(2, _MONDAY, 10), _CHRISTMAS, _BOXING_DAY),
    "CL": (_NEW_YEAR, _GOOD_FRIDAY, _on(5, 1), _on(9, 18), _on(9, 19), _CHRISTMAS),
    "NZ": (_NEW_YEAR, _on(1, 2), _on(2, 6), _GOOD_FRIDAY, _EASTER_MONDAY, _on(4, 25), _CHRISTMAS, _BOXING_DAY),
}
