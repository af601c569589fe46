"""Who stands at which chair and when: barbers come, stay for some years and are replaced."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulator.business import Employee
from simulator.columns import NEVER
from simulator.names import first_names, last_names, plain
from simulator.plan import LEAD_DAYS, Plan

_MEAN_STAY = 900  # days
_FOR_EVER = 1_000_000


def employees_until(plan: Plan, last_day: int) -> tuple[Employee, ...]:
    """Everybody hired up to that day, in order of hiring; a longer story only adds at the end."""
    hired = sorted(_occupants(plan, last_day), key=lambda e: (e.first_day, e.chair))
    first = 3 + plan.dice.pick("employee/number", 10)
    return tuple(replace(employee, number=first + position) for position, employee in enumerate(hired))


def _occupants(plan: Plan, last_day: int) -> Iterator[Employee]:
    dice = plan.dice
    for chair in range(plan.chairs):
        late = chair > 1 and dice.one("chair/late", chair) < 0.3
        day = int(late) * dice.pick("chair/first day", max(plan.days // 3, 1), chair)
        for turn in range(100):
            key = chair * 100 + turn
            stay = _FOR_EVER if chair == 0 else 90 + int(_MEAN_STAY * dice.exponential("stay", key)[0])
            yield _employee(plan, key, first_day=day, last_day=min(day + stay, _FOR_EVER))
            day += stay + 10 + dice.pick("vacant", 30, key)
            if day > last_day:
                break


def _employee(plan: Plan, key: int, *, first_day: int, last_day: int) -> Employee:
    dice = plan.dice
    firsts, lasts = first_names(plan.place.names), last_names(plan.place.names)
    first, last = firsts[dice.pick("barber/first", len(firsts), key)], lasts[dice.pick("barber/last", len(lasts), key)]
    domain = f"{plain(plan.name)}.example"
    return Employee(
        number=0,
        first_name=first,
        last_name=last,
        email=f"{plain(first)}.{plain(last)}@{domain}" if dice.one("barber/email", key) < 0.9 else None,
        phone=f"{plan.place.dial}{200 + key % 9700:04d}" if dice.one("barber/phone", key) < 0.7 else None,
        timezone=plan.zone.name if dice.one("barber/zone", key) < 0.85 else None,
        location=(key // 100) % len(plan.locations),
        chair=key // 100,
        first_day=first_day,
        last_day=last_day,
        listed=plan.instant_of_day(max(first_day - LEAD_DAYS, 0)),
        left=NEVER if last_day >= _FOR_EVER else plan.instant_of_day(last_day + 1),
        pace=float(np.array([0.85, 1.0, 1.0, 1.0, 1.2])[dice.pick("pace", 5, key)]),
    )
