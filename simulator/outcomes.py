"""When each appointment is made and what becomes of it: approved, moved, canceled, missed, deleted, and when."""

from dataclasses import dataclass

import numpy as np

from simulator.business import Employee
from simulator.columns import (
    APPROVED,
    CANCELED,
    DELETED,
    NO_SHOW,
    PENDING,
    REJECTED,
    START,
    STATUS,
    Column,
    Events,
    Flags,
    Floats,
    Ints,
)
from simulator.dice import Dice
from simulator.plan import Plan
from simulator.settling import Timetable
from simulator.wishes import CLASS, REGULAR, WALK_IN
from simulator.zones import DAY

_HOUR = 3600
_LONGEST_LEAD, _LONGEST_REBOOKING = 58 * DAY, 80 * DAY
_REBOOKS = 0.35  # share of visits agreed on while paying for the one before
_DELETED = 0.0015
_LATEST_MARK = 14 * DAY


@dataclass(frozen=True)
class Outcomes:
    """Aligned with the timetable's rows; times are instants."""

    created: Ints
    first_start: Ints
    start: Ints
    status: Column  # at creation
    events: Events  # rows are the timetable's; in no order


def happen(plan: Plan, employees: tuple[Employee, ...], table: Timetable) -> Outcomes:
    """Decide for each visit when it was booked and what became of it."""
    wall = plan.opening_day * DAY
    first_start, start = (plan.zone.instants(wall + minute * 60) for minute in (table.first_start, table.start))
    first = np.minimum(first_start, start)
    created = np.maximum(_wanted_creation(plan, table, first, start), _earliest(plan, employees, table))
    fates = _Fates(plan, table, created=created, first=first, first_start=first_start, start=start)
    return Outcomes(
        created=created,
        first_start=first_start,
        start=start,
        status=np.where(fates.asks, PENDING, APPROVED).astype(np.int8),
        events=Events.chained(
            [fates.moves(), fates.answers(), fates.cancellations(), fates.no_shows(), fates.deletions()]
        ),
    )


def _wanted_creation(plan: Plan, table: Timetable, first: Ints, start: Ints) -> Ints:
    """Days ahead, at the till after the visit before, or, for a walk-in, on entering. Hardly ever at night."""
    dice, who, turn = plan.dice, table.client, table.visit
    hours = np.exp(np.log(44.0) + 1.15 * dice.normal("lead", who, turn))
    created = first - np.clip(hours * _HOUR, 0.75 * _HOUR, _LONGEST_LEAD).astype(np.int64)
    at_night = plan.zone.wall(created) % DAY < 6 * _HOUR
    created = np.where(at_night, created - 7 * _HOUR, created)

    same = (who[1:] == who[:-1]) & (table.kind[1:] == REGULAR)
    paid = np.full(len(who), -_LONGEST_REBOOKING * 2, dtype=np.int64)
    paid[1:] = np.where(same, start[:-1] + table.minutes[:-1].astype(np.int64) * 60, paid[1:])
    paid += (60 + 840 * dice.uniform("till", who, turn)).astype(np.int64)
    rebooks = (dice.uniform("rebooks", who, turn) < _REBOOKS) & (paid < first - _HOUR)
    created = np.where(rebooks & (first - paid < _LONGEST_REBOOKING), paid, created)

    key = table.start  # walk-ins without a client have no other name
    entering = first - (30 + 570 * dice.uniform("enters", key, table.barber)).astype(np.int64)
    announced = first - ((6 + 14 * dice.uniform("announced", key)) * DAY).astype(np.int64)
    return np.where(table.kind == WALK_IN, entering, np.where(table.kind == CLASS, announced, created))


def _earliest(plan: Plan, employees: tuple[Employee, ...], table: Timetable) -> Ints:
    """Nothing is booked before the account, the service and the barbers are there. What was agreed before the opening
    is entered on that day at once: many appointments share that moment."""
    since: Ints = np.array([service.since for service in plan.services])[table.service]
    listed: Ints = np.array([employee.listed for employee in employees])
    helping = np.where(table.assistant >= 0, listed[table.assistant], 0)
    return np.maximum(np.maximum(since, listed[table.barber]), helping)


class _Fates:
    """Who moves, asks, cancels and stays away: drawn once, exclusive where they contradict each other."""

    def __init__(
        self, plan: Plan, table: Timetable, *, created: Ints, first: Ints, first_start: Ints, start: Ints
    ) -> None:
        self._dice: Dice = plan.dice
        self._who, self._turn = table.client, table.visit
        self._key, self._barber = table.start, table.barber
        self._created, self._first, self._first_start, self._start = created, first, first_start, start
        self._end = start + table.minutes.astype(np.int64) * 60
        regular: Flags = table.kind == REGULAR
        self._moved: Flags = first_start != start
        self._corrected = self._moved & (start < first_start) & (self._chance("corrects") < 0.35)
        self.asks = regular & ~self._moved & (self._chance("asks") < plan.habits.asks_approval)
        cancels = plan.habits.cancels * self._tendency("cancels") + 0.03 * (table.kind == CLASS)
        self._canceled = ~self._moved & ~self.asks & (self._chance("cancel") < cancels * (table.kind != WALK_IN))
        misses = plan.habits.no_shows * self._tendency("misses")
        unsettled = self._canceled | self.asks | self._corrected
        self._missed = regular & ~unsettled & (self._chance("miss") < misses)

    def moves(self) -> Events:
        """Mostly well ahead; some when the first time has just passed; some to a time that has passed: a correction."""
        ahead = self._created + ((0.2 + 0.75 * self._chance("moves at")) * (self._first - self._created)).astype("i8")
        soon = (600 + 2 * _HOUR * self._chance("moves late")).astype(np.int64)
        too_late = (self._first_start + soon < self._start) & (self._chance("too late") < 0.1)
        moment = np.where(too_late, self._first_start + soon, ahead)
        moment = np.where(self._corrected, self._start + soon, moment)
        rows = np.flatnonzero(self._moved)
        return _events(rows, moment, START, self._start[rows])

    def answers(self) -> Events:
        """What asked for approval gets it within hours, or a refusal, or no answer at all."""
        verdict = self._chance("verdict")
        wait = np.minimum(
            60 + 3 * _HOUR * self._dice.exponential("answer", self._who, self._turn),
            0.8 * (self._first - self._created),
        )
        rows = np.flatnonzero(self.asks & (verdict >= 0.08))
        status = np.where(verdict[rows] < 0.14, REJECTED, APPROVED)
        return _events(rows, self._created + wait.astype(np.int64), STATUS, status)

    def cancellations(self) -> Events:
        """A quarter in the last three hours, a few entered after the fact, most days before."""
        kind, chance = self._chance("cancel kind"), self._chance("cancel notice")
        days = 2.5 * DAY * self._dice.exponential("cancel days", self._key, self._barber)
        notice = np.where(kind < 0.25, 3 * _HOUR * chance, np.where(kind < 0.29, -DAY * chance, days))
        moment = np.maximum(self._start - notice.astype(np.int64), self._created + 120 + (600 * chance).astype("i8"))
        rows = np.flatnonzero(self._canceled)
        return _events(rows, moment, STATUS, np.full(len(rows), CANCELED))

    def no_shows(self) -> Events:
        """Marked at closing time, the day after, or when somebody tidies up, two weeks later at most."""
        kind, chance = self._chance("mark kind"), self._chance("mark")
        late = np.where(
            kind < 0.7, 2 * _HOUR * chance, np.where(kind < 0.9, DAY * (0.5 + chance), _LATEST_MARK * chance)
        )
        rows = np.flatnonzero(self._missed)
        return _events(rows, self._end + late.astype(np.int64), STATUS, np.full(len(rows), NO_SHOW))

    def deletions(self) -> Events:
        rows = np.flatnonzero(self._chance("deleted") < _DELETED)
        moment = self._created + (30 * DAY * self._chance("deleted at")).astype(np.int64)
        return _events(rows, moment, DELETED, np.ones(len(rows)))

    def _chance(self, purpose: str) -> Floats:
        return self._dice.uniform(f"fate/{purpose}", self._key, self._barber)

    def _tendency(self, purpose: str) -> Floats:
        """Some clients are less reliable than others; 1 on average."""
        return 0.25 + 1.5 * self._dice.uniform(f"tendency/{purpose}", self._who)


def _events(rows: Ints, moment: Ints, field: int, value: Column) -> Events:
    return Events(
        moment=moment[rows],
        row=rows.astype(np.int32),
        field=np.full(len(rows), field, dtype=np.int8),
        value=value.astype(np.int64),
    )
