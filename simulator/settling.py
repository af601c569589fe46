"""From wishes to a timetable: capacity decides who gets which time, who waits a day, and who is turned away."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.business import Employee
from simulator.columns import Column, Columns, Flags, Ints
from simulator.packing import Slots, pack
from simulator.plan import Plan
from simulator.roster import Roster
from simulator.wishes import CLASS, REGULAR, Wishes

_ROUNDS = 3  # how often a client is offered a later day
_LATER = 7  # days he would wait for it
_BREAK, _LONG_SHIFT = 30, 360  # minutes
_NOON = 750


@dataclass(frozen=True)
class Timetable(Columns):
    """What takes place (or was to take place), in minutes of local time since the opening."""

    client: Ints
    visit: Column
    kind: Column
    service: Column
    barber: Column
    assistant: Column
    minutes: Column
    first_start: Ints  # as first agreed
    start: Ints  # as it is in the end; differs when rescheduled


def settle(plan: Plan, roster: Roster, employees: tuple[Employee, ...], wishes: Wishes) -> Timetable:
    """`wishes` must begin with the classes: at equal times, who asks first comes first."""
    minutes, length = _durations(plan, employees, wishes)
    assistant = _assistants(roster, wishes)
    helped = np.flatnonzero(assistant >= 0)
    moved, agreed = _earlier_agreements(plan, roster, wishes, length)
    request = _Request(
        before=_slots(replace(wishes, barber=assistant), length).take(helped),
        length=length,
        after=_breaks(plan, roster).and_then(agreed),
    )
    wishes, start, fits = _placed(plan, roster, request, wishes)
    first, last = len(helped), len(helped) + len(wishes)
    begins = start[first:last] + wishes.day.astype(np.int64) * 1440
    first_start = begins.copy()
    held = np.flatnonzero(fits[len(fits) - len(moved) :])
    first_start[moved[held]] = start[len(fits) - len(moved) :][held] + agreed.day[held].astype(np.int64) * 1440
    buffer = np.array([service.buffer_before for service in plan.services])[wishes.service]
    return Timetable(
        client=wishes.client,
        visit=wishes.visit,
        kind=wishes.kind,
        service=wishes.service,
        barber=wishes.barber,
        assistant=assistant.astype(np.int16),
        minutes=minutes.astype(np.int16),
        first_start=first_start + buffer,
        start=begins + buffer,
    ).take(np.flatnonzero(fits[first:last]))


@dataclass(frozen=True)
class _Request:
    """What is packed besides the wishes, and how long each of these takes."""

    before: Slots
    length: Ints
    after: Slots


def _placed(plan: Plan, roster: Roster, request: _Request, wishes: Wishes) -> tuple[Wishes, Ints, Flags]:
    """Pack; whoever does not fit asks for a later day, a few times; then he is turned away."""
    first, last = len(request.before), len(request.before) + len(wishes)
    for turn in range(_ROUNDS):
        start, fits = pack(roster, Slots.chained([request.before, _slots(wishes, request.length), request.after]))
        refused = np.flatnonzero(~fits[first:last] & (wishes.kind == REGULAR))
        if turn == _ROUNDS - 1 or len(refused) == 0:
            break
        wishes = _asking_again(plan, roster, wishes, refused, turn=turn)
    return wishes, start, fits


def _asking_again(plan: Plan, roster: Roster, wishes: Wishes, refused: Ints, *, turn: int) -> Wishes:
    """The refused ones want the barber's next day, at any time of it."""
    barber, tomorrow = wishes.barber[refused], wishes.day[refused].astype(np.int64) + 1
    later = roster.next_day[barber, np.minimum(tomorrow, roster.days - 1)]
    waits = (later >= tomorrow) & (later < roster.days) & (later - tomorrow < _LATER)
    refused, barber, later = refused[waits], barber[waits], later[waits]
    opens, closes = roster.opens[barber, later], roster.closes[barber, later]
    chance = plan.dice.uniform(f"second choice {turn}", wishes.client[refused], wishes.visit[refused])
    day, minute = wishes.day.copy(), wishes.minute.copy()
    day[refused] = later
    minute[refused] = opens + chance * (closes - opens - 60) // 15 * 15
    return replace(wishes, day=day, minute=minute)


def _slots(wishes: Wishes, length: Ints) -> Slots:
    return Slots(barber=wishes.barber, day=wishes.day, minute=wishes.minute, length=length.astype(np.int32))


def _durations(plan: Plan, employees: tuple[Employee, ...], wishes: Wishes) -> tuple[Ints, Ints]:
    """Minutes in the chair, after the barber's pace, and minutes of the barber's day, buffers included."""
    usual = np.array([service.minutes for service in plan.services])[wishes.service]
    pace = np.array([employee.pace for employee in employees])[wishes.barber]
    minutes = np.where(wishes.kind == CLASS, usual, np.rint(usual * pace / 5).astype(np.int64) * 5)
    buffers = np.array([service.buffer_before + service.buffer_after for service in plan.services])[wishes.service]
    return minutes, minutes + buffers


def _earlier_agreements(plan: Plan, roster: Roster, wishes: Wishes, length: Ints) -> tuple[Ints, Slots]:
    """The rows that are rescheduled, and the slot that each was first given. It is held as if it took place, so that at
    no moment two appointments overlap."""
    dice = plan.dice
    chance = dice.uniform("moves", wishes.client, wishes.visit)
    moved = np.flatnonzero((chance < plan.habits.moves) & (wishes.kind == REGULAR))
    client, visit, barber = wishes.client[moved], wishes.visit[moved], wishes.barber[moved].astype(np.int64)
    by = np.array([-7, -5, -3, -2, -1, 0, 0, 0, 1, 2, 3, 4, 6])[dice.choice("moved by", (1,) * 13, client, visit)]
    wanted = np.maximum(wishes.day[moved] + by, 0)
    day = np.where(wanted < roster.days, roster.next_day[barber, np.minimum(wanted, roster.days - 1)], roster.days)
    there = np.flatnonzero(day < roster.days)
    moved, barber, day = moved[there], barber[there], day[there]
    opens, closes = roster.opens[barber, day], roster.closes[barber, day]
    chance = dice.uniform("first minute", client[there], visit[there])
    return moved, Slots(
        barber=barber.astype(np.int16),
        day=day.astype(np.int32),
        minute=(opens + chance * (closes - opens - 60) // 15 * 15).astype(np.int16),
        length=length[moved].astype(np.int32),
    )


def _assistants(roster: Roster, wishes: Wishes) -> Ints:
    """The second chair's barber helps with classes, when there."""
    assistant = np.full(len(wishes), -1, dtype=np.int64)
    classes = np.flatnonzero(wishes.kind == CLASS)
    day = wishes.day[classes]
    second = roster.occupants[min(1, len(roster.occupants) - 1), day]
    there = (second >= 0) & (second != wishes.barber[classes]) & roster.works[second, day]
    assistant[classes[there]] = second[there]
    return assistant


def _breaks(plan: Plan, roster: Roster) -> Slots:
    """Half an hour around noon on long shifts."""
    barber, day = np.nonzero(roster.closes - roster.opens >= _LONG_SHIFT)
    minute = _NOON + (plan.dice.uniform("break", barber, day) * 5).astype(np.int64) * 15
    return Slots(
        barber=barber.astype(np.int16),
        day=day.astype(np.int32),
        minute=np.maximum(minute, roster.opens[barber, day]).astype(np.int16),
        length=np.full(len(barber), _BREAK, dtype=np.int32),
    )
