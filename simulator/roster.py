"""Who works when: a shift for each barber and day, after opening hours, holidays, days off, leave and sickness."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.business import Employee
from simulator.columns import Column, Flags, Ints
from simulator.holidays import holidays
from simulator.plan import CLASS_EVERY, Plan

_SHIFTS = ((0, 0), (0, 0), (0, -120), (90, 0))  # minutes to add to the shop's opening and closing
_LEAVES = 3  # weeks a year
_SICK = 0.012  # share of days
_SATURDAY = 5


@dataclass(frozen=True)
class Roster:
    """`opens[barber, day]` and `closes` in minutes of the local day; both 0 when the barber is not there."""

    opens: Column
    closes: Column
    occupants: Ints  # [chair, day]: the barber who has the chair, working or not; -1 while it is vacant
    has_class: Flags  # of each day

    @property
    def days(self) -> int:
        """Return how many days the roster covers."""
        return int(self.opens.shape[1])

    @cached_property
    def works(self) -> Flags:
        """Tell for each barber and day whether they are there."""
        there: Flags = self.closes > 0
        return there

    @cached_property
    def next_day(self) -> Ints:
        """For each barber and day, the first day from then on that they work; `days` when there is none."""
        return _next(self.works)

    @cached_property
    def next_open(self) -> Ints:
        """The first day from then on that anybody works."""
        anybody = np.any(self.works, axis=0, keepdims=True)
        first: Ints = _next(anybody)[0]
        return first

    @cached_property
    def _ranked(self) -> tuple[Ints, Ints]:
        """For each day how many barbers work, and which: those who do come first."""
        count = np.count_nonzero(self.works, axis=0).astype(np.int64)
        return count, np.argsort(~self.works, axis=0, kind="stable").T.astype(np.int64)

    def somebody(self, day: Ints, chance: Column) -> Ints:
        """For each of some open days a barber who works then, by a number in [0, 1)."""
        count, barbers = self._ranked
        found: Ints = barbers[day, (chance * count[day]).astype(np.int64)]
        return found


def draw_roster(plan: Plan, employees: tuple[Employee, ...], days: int) -> Roster:
    """Draw who works when: opening hours, shifts, holidays and absences."""
    weekday = (plan.opening.weekday() + np.arange(days)) % 7
    opens, closes = (np.array([hours[i] if hours else 0 for hours in plan.place.hours])[weekday] for i in (0, 1))
    shut = sorted(holidays(plan.place.country, plan.opening, days))
    opens[shut] = closes[shut] = 0
    has_class = _class_days(plan, closes > 0)
    own = np.array([_SHIFTS[plan.dice.pick("shift", len(_SHIFTS), barber)] for barber in range(len(employees))])
    there = (closes > 0)[None, :] & ~_absent(plan, employees, weekday)
    occupants = np.full((plan.chairs, days), -1, dtype=np.int64)
    for barber, employee in enumerate(employees):
        occupants[employee.chair, employee.first_day : employee.last_day + 1] = barber
    return Roster(
        opens=np.where(there, opens[None, :] + own[:, :1] * ~has_class, 0).astype(np.int16),
        closes=np.where(there, closes[None, :] + own[:, 1:], 0).astype(np.int16),
        occupants=occupants,
        has_class=has_class,
    )


def _absent(plan: Plan, employees: tuple[Employee, ...], weekday: Ints) -> Flags:
    day, barber = np.arange(len(weekday))[None, :], np.arange(len(employees))[:, None]
    first = np.array([employee.first_day for employee in employees])[:, None]
    last = np.array([employee.last_day for employee in employees])[:, None]
    absent: Flags = (day < first) | (day > last) | (weekday[None, :] == _day_off(plan, barber))
    for leave in range(_LEAVES):
        week = (plan.dice.uniform(f"leave {leave}", barber, day // 365) * 52).astype(np.int64)
        absent |= (day % 365) // 7 == week
    return absent | (plan.dice.uniform("sick", barber, day) < _SICK)


def _class_days(plan: Plan, is_open: Flags) -> Flags:
    """Every other week on the same weekday, at opening time; never on the first barber's day off, who gives it."""
    free = [i for i, hours in enumerate(plan.place.hours) if hours and i != int(_day_off(plan, np.array([0]))[0])]
    week, turn = divmod(plan.dice.pick("class day", 2 * len(free)), len(free))
    first = (free[turn] - plan.opening.weekday()) % 7 + 7 * week
    there: Flags = is_open & (np.arange(len(is_open)) % CLASS_EVERY == first) & plan.habits.classes
    return there


def _day_off(plan: Plan, barber: Ints) -> Ints:
    """The weekday each barber never works: one on which the shop is open, and not a Saturday."""
    choices = np.array([i for i, hours in enumerate(plan.place.hours) if hours and i != _SATURDAY])
    off: Ints = choices[(plan.dice.uniform("day off", barber) * len(choices)).astype(np.int64)]
    return off


def _next(works: Flags) -> Ints:
    days = works.shape[1]
    candidates = np.where(works, np.arange(days)[None, :], days)
    return np.minimum.accumulate(candidates[:, ::-1], axis=1)[:, ::-1]
