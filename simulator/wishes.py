"""What people want before capacity has its say: who, which day and time, which barber, which service."""

from dataclasses import dataclass, replace

import numpy as np

from simulator.clients import MINUTES_A_DAY, ORIGINS, PASSER_BY, WALK_IN_BOOK, Clients
from simulator.columns import Column, Columns, Ints
from simulator.plan import Plan
from simulator.roster import Roster
from simulator.zones import DAY

REGULAR, WALK_IN, CLASS = range(3)
NOBODY = -1  # in place of a client: a walk-in whom nobody wrote down
_CLIENTS_AT_ONCE = 16_384  # bounds the memory in which visits are drawn
_LOYALTY = 0.82  # share of visits with the client's usual service
_KEEPS_WEEKDAY = 0.7
_STRAYS = 0.07  # share of visits at any barber's chair
_PATIENCE = 6  # days a client waits for his own barber


@dataclass(frozen=True)
class Wishes(Columns):
    """Visits that clients would like: which day, which minute of it, with whom."""

    client: Ints  # uid
    visit: Column  # the client's how manyeth, from 0
    kind: Column
    day: Column
    minute: Column
    barber: Column
    service: Column


def regular_wishes(plan: Plan, roster: Roster, clients: Clients) -> Wishes:
    """Draw the visits of the regulars over all days of the roster."""
    firsts = range(0, len(clients), _CLIENTS_AT_ONCE)
    portions = (clients.take(slice(first, first + _CLIENTS_AT_ONCE)) for first in firsts)
    return Wishes.chained([_empty(), *(_visits_of(plan, roster, portion) for portion in portions)])


def walk_in_wishes(plan: Plan, roster: Roster) -> Wishes:
    """Strangers, more in December: some give a name, some go on the shop's own client, some on nobody's."""
    day = np.arange(roster.days)
    open_share = sum(hours is not None for hours in plan.place.hours) / 7 * 0.97
    rate = plan.appointments * plan.habits.walk_ins / (plan.days * open_share)
    month = (np.datetime64(plan.opening, "D") + day).astype("datetime64[M]").astype(np.int64) % 12
    season = np.where(month == 11, 1.3, np.where(month == 0, 0.8, 1.0))
    open_day = roster.next_open == day
    count = np.floor(rate * season + plan.dice.uniform("walk-ins of day", day)).astype(np.int64) * open_day
    day = np.repeat(day, count)
    turn = np.arange(len(day)) - np.repeat(np.cumsum(count) - count, count)
    key = day * 4096 + turn
    style = plan.dice.choice("walk-in style", (0.52, 0.33, 0.15), key)
    stranger = key * ORIGINS + PASSER_BY
    barber = roster.somebody(day, plan.dice.uniform("walk-in barber", key))
    opens, closes = roster.opens[barber, day], roster.closes[barber, day]
    return Wishes(
        client=np.where(style == 0, WALK_IN_BOOK, np.where(style == 1, stranger, NOBODY)),
        visit=turn.astype(np.int32),
        kind=np.full(len(day), WALK_IN, dtype=np.int8),
        day=day.astype(np.int32),
        minute=(opens + plan.dice.uniform("walk-in minute", key) * (closes - opens - 30)).astype(np.int16) // 5 * 5,
        barber=barber.astype(np.int16),
        service=_offered(plan, plan.dice.choice("walk-in service", _popularity(plan), key), day),
    )


def class_wishes(plan: Plan, roster: Roster) -> Wishes:
    """The class that the first chair's barber gives at opening time; who takes part is drawn later."""
    day = np.flatnonzero(roster.has_class)
    barber = roster.occupants[0, day]
    day, barber = day[barber >= 0], barber[barber >= 0]
    there = roster.works[barber, day]
    day, barber = day[there], barber[there]
    seats = [position for position, service in enumerate(plan.services) if service.seats > 1]
    return Wishes(
        client=np.full(len(day), NOBODY, dtype=np.int64),
        visit=np.zeros(len(day), dtype=np.int32),
        kind=np.full(len(day), CLASS, dtype=np.int8),
        day=day.astype(np.int32),
        minute=roster.opens[barber, day],
        barber=barber.astype(np.int16),
        service=np.full(len(day), seats[0], dtype=np.int8),
    )


@dataclass(frozen=True)
class _Draft(Columns):
    """A visit on its way to becoming a wish; `owner` is the client's row."""

    owner: Ints
    uid: Ints
    visit: Ints
    day: Ints
    barber: Ints


def _visits_of(plan: Plan, roster: Roster, clients: Clients) -> Wishes:
    draft = _with_barber(plan, roster, clients, _drafts(plan, clients, roster.days))
    usual = plan.dice.uniform("usual", draft.uid, draft.visit) < _LOYALTY
    other = plan.dice.choice("other service", _popularity(plan), draft.uid, draft.visit)
    return Wishes(
        client=draft.uid,
        visit=draft.visit.astype(np.int32),
        kind=np.full(len(draft), REGULAR, dtype=np.int8),
        day=draft.day.astype(np.int32),
        minute=_minute(plan, roster, clients, draft),
        barber=draft.barber.astype(np.int16),
        service=_offered(plan, np.where(usual, clients.service[draft.owner], other), draft.day),
    )


def _drafts(plan: Plan, clients: Clients, days: int) -> _Draft:
    """Each client's days, one gamma-distributed interval after the other, drawn to the weekday he likes."""
    shortest = 0.5  # of the mean: bounds how many visits can fall before the end
    room = np.maximum(days - clients.first / MINUTES_A_DAY, 0) / (shortest * clients.interval)
    count = np.minimum(clients.visits, room.astype(np.int64) + 1)
    start = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(clients)), count)
    visit = np.arange(len(owner)) - start[owner]
    uid, mean = clients.uid[owner], clients.interval[owner]
    gap = plan.dice.gamma("gap", clients.shape[owner], uid, visit)
    minutes = (mean * np.clip(gap, shortest, 3.0) * MINUTES_A_DAY).astype(np.int64) * (visit > 0)
    elapsed = np.cumsum(minutes)
    day = (clients.first[owner] + elapsed - elapsed[start][owner]) // MINUTES_A_DAY
    weekday = (plan.opening.weekday() + day) % 7
    to_favourite = (clients.weekday[owner] - weekday + 3) % 7 - 3
    day = np.maximum(day + to_favourite * (plan.dice.uniform("flexible", uid, visit) < _KEEPS_WEEKDAY), 0)
    draft = _Draft(owner=owner, uid=uid, visit=visit, day=day, barber=np.full(len(owner), -1, dtype=np.int64))
    return draft.take(np.flatnonzero(day < days))


def _with_barber(plan: Plan, roster: Roster, clients: Clients, draft: _Draft) -> _Draft:
    """The next day of the client's own barber, or, if that is far or the chair is vacant, of anybody."""
    own = roster.occupants[clients.chair[draft.owner], draft.day]
    own = np.where(plan.dice.uniform("strays", draft.uid, draft.visit) < _STRAYS, -1, own)
    own_day = np.where(own >= 0, roster.next_day[own, draft.day], roster.days)
    waits = own_day - draft.day <= _PATIENCE
    day = np.where(waits, own_day, roster.next_open[draft.day])
    kept = np.flatnonzero(day < roster.days)
    draft, day, own, waits = draft.take(kept), day[kept], own[kept], waits[kept]
    anybody = roster.somebody(day, plan.dice.uniform("any barber", draft.uid, draft.visit))
    return replace(draft, day=day, barber=np.where(waits, own, anybody))


def _minute(plan: Plan, roster: Roster, clients: Clients, draft: _Draft) -> Column:
    """Around the client's usual time, on a quarter of an hour, within the barber's shift."""
    wanted = clients.minute[draft.owner] + 40.0 * plan.dice.normal("minute", draft.uid, draft.visit)
    opens, closes = roster.opens[draft.barber, draft.day], roster.closes[draft.barber, draft.day]
    return np.clip(wanted // 15 * 15, opens, closes - 60).astype(np.int16)


def _popularity(plan: Plan) -> list[float]:
    return [service.popularity for service in plan.services]


def _offered(plan: Plan, service: Ints, day: Ints) -> Column:
    """The service, or one of the first three, which every shop offers from the start."""
    opening = plan.instant_of_day(0)
    since = np.array([(entry.since - opening + DAY - 1) // DAY for entry in plan.services])
    return np.where(day < since[service], service % 3, service).astype(np.int8)


def _empty() -> Wishes:
    return Wishes(*(np.array([], dtype=kind) for kind in ("i8", "i4", "i1", "i4", "i2", "i2", "i1")))
