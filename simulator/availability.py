"""GET /available-times: the half hours in which a barber at work is not busy."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from simulator.answers import Answer, invalid, reply
from simulator.business import Service
from simulator.call import Call, whole_number
from simulator.columns import APPROVED, PENDING, Flags, Ints
from simulator.plan import EPOCH
from simulator.zones import DAY

_STEP = 30  # minutes
_ROLLING_DAYS, _MOST_DAYS = 7, 31


def available_times(call: Call) -> Answer:
    """A live tester found that the dates asked for are ignored and a rolling week is shown; a mode honours them."""
    number = whole_number(call.query.get("service"))
    service = next((known for known in call.state.services() if known.number == number), None)
    if service is None:
        return invalid(service="The selected service is invalid.")
    days = _days(call)
    diary = _Diary(call, days)
    return reply([{"date": day.isoformat(), "timeSlots": list(_slots(call, diary, service, day))} for day in days])


class _Diary:
    """The barbers' engagements on the days in question."""

    def __init__(self, call: Call, days: list[date]) -> None:
        state, plan = call.state, call.shop.plan
        first, last = ((day - plan.opening).days for day in (min(days), max(days)))
        begins = state.start[state.rows]
        near = (begins > plan.instant_of_day(first - 1)) & (begins < plan.instant_of_day(last + 1))
        rows: Ints = state.rows[near & np.isin(state.status[state.rows], (APPROVED, PENDING))]
        self._begins = state.start[rows]
        self._ends = self._begins + state.minutes[rows].astype(np.int64) * 60
        self._barbers = np.stack([state.employee[rows], state.assistant[rows]])
        self._count = len(state.book.employees)

    def busy(self, start: int, end: int) -> Flags:
        """True for each barber who has somebody in the chair then."""
        taken = self._barbers[:, (self._begins < end) & (self._ends > start)]
        busy = np.zeros(self._count, dtype=np.bool_)
        busy[taken[taken >= 0]] = True
        return busy


def _days(call: Call) -> list[date]:
    now = np.array([call.state.moment])
    first = EPOCH + timedelta(days=int(call.shop.plan.zone.wall(now)[0] // DAY))
    last = first + timedelta(days=_ROLLING_DAYS - 1)
    if call.modes.availability == "honoured":
        first = _date(call.query.get("calendar_start_date")) or first
        last = _date(call.query.get("calendar_end_date")) or last
    return [first + timedelta(days=n) for n in range(min(max((last - first).days, 0) + 1, _MOST_DAYS))]


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _slots(call: Call, diary: _Diary, service: Service, day: date) -> Iterator[dict[str, Any]]:
    plan, roster, pen = call.shop.plan, call.state.book.roster, call.renderer.pen
    offset = (day - plan.opening).days
    if not 0 <= offset < roster.days:
        return
    for minute in range(0, DAY // 60, _STEP):
        start = plan.instant_of_day(offset, minute)
        end_minute = minute + service.minutes
        at_work = (roster.opens[:, offset] <= minute) & (end_minute <= roster.closes[:, offset])
        if start <= call.state.moment or not at_work.any():
            continue
        free = np.flatnonzero(at_work & ~diary.busy(start, start + service.minutes * 60))
        staff = [call.state.book.employees[barber] for barber in free.tolist()]
        if staff:
            yield {
                "time": f"{minute // 60:02d}:{minute % 60:02d}",
                "services": [pen.number(service.number)],
                "employees": [pen.number(person.number) for person in staff],
                "locations": sorted({pen.number(plan.locations[person.location].number) for person in staff}, key=str),
            }
