"""The clients of a shop: when each first comes, how regularly, how long, and what he likes. A function of the seed."""

from dataclasses import dataclass

import numpy as np

from simulator.columns import Column, Columns, Floats, Ints
from simulator.dice import Dice
from simulator.plan import Plan

MINUTES_A_DAY = 1440
# Uids, by origin; they name a client for ever, while rows and ids depend on who came before.
FOUNDER, NEWCOMER, PASSER_BY, WALK_IN_BOOK = range(4)
ORIGINS = 4
_FOUNDERS_PER_DAILY_NEWCOMER = 150.0  # a shop that opens brings clients: about as many as half a year wins
_SAMPLE = 2000  # clients drawn to find out how many visits one makes
_ONE_TIME = 0.33  # share of newcomers who never return


@dataclass(frozen=True)
class Clients(Columns):
    """The regulars of a shop: what draws them, how often, and to whom."""

    uid: Ints
    first: Ints  # minutes after the opening
    interval: Column  # days between visits, on average
    shape: Column  # of the gamma distribution of intervals: higher is more regular
    visits: Column  # how many until they stop coming
    chair: Column
    service: Column
    weekday: Column
    minute: Column  # of the day, preferred


def draw_clients(plan: Plan, days: int) -> Clients:
    """All who come in the first `days` days, founders before newcomers, each in order of their first visit's number."""
    daily = newcomers_a_day(plan)
    founders = np.arange(round(daily * _FOUNDERS_PER_DAILY_NEWCOMER))
    expected = daily * days
    newcomers = np.arange(int(expected + 6 * np.sqrt(expected) + 10))
    gaps = plan.dice.exponential("arrival", newcomers) / daily * MINUTES_A_DAY
    arrivals = np.cumsum(gaps.astype(np.int64))
    newcomers = newcomers[arrivals < days * MINUTES_A_DAY]
    old = _with_habits(plan.dice, plan, founders * ORIGINS + FOUNDER, first=None)
    new = _with_habits(plan.dice, plan, newcomers * ORIGINS + NEWCOMER, first=arrivals[: len(newcomers)])
    return old.and_then(new)


def newcomers_a_day(plan: Plan) -> float:
    """Chosen so that the visits until the plan's last day come to the number of appointments wanted."""
    dice, sample = plan.dice.child("sample"), np.arange(_SAMPLE)
    horizon = plan.days * MINUTES_A_DAY
    old = _with_habits(dice, plan, sample * ORIGINS + FOUNDER, first=None)
    first = (dice.uniform("arrival", sample) * horizon).astype(np.int64)
    new = _with_habits(dice, plan, sample * ORIGINS + NEWCOMER, first=first)
    by_founder, by_newcomer = (_expected_visits(clients, horizon) for clients in (old, new))
    wanted = plan.appointments * (1 - plan.habits.walk_ins) - plan.class_count
    return max(wanted, 1.0) / (plan.days * by_newcomer + _FOUNDERS_PER_DAILY_NEWCOMER * by_founder)


def _expected_visits(clients: Clients, horizon: int) -> float:
    room = np.maximum(horizon - clients.first, 0) / MINUTES_A_DAY / clients.interval
    return float(np.mean(np.where(clients.first < horizon, np.minimum(clients.visits, 1 + room), 0)))


def _with_habits(dice: Dice, plan: Plan, uid: Ints, *, first: Ints | None) -> Clients:
    interval = np.clip(np.exp(np.log(27.0) + 0.38 * dice.normal("interval", uid)), 12.0, 80.0)
    if first is None:  # founders are somewhere between two visits when the shop opens
        first = (dice.uniform("first", uid) * interval * MINUTES_A_DAY).astype(np.int64)
    chairs = [0.6 + 0.8 * dice.one("chair/appeal", chair) for chair in range(plan.chairs)]
    return Clients(
        uid=uid,
        first=first,
        interval=interval,
        shape=4.0 + 14.0 * dice.uniform("shape", uid),
        visits=_visits(dice, uid),
        chair=dice.choice("chair", chairs, uid).astype(np.int16),
        service=dice.choice("service", [service.popularity for service in plan.services], uid).astype(np.int8),
        weekday=dice.choice("weekday", (0.7, 0.8, 0.9, 1.1, 1.5, 1.9, 0.6), uid).astype(np.int8),
        minute=_minute(dice, uid).astype(np.int16),
    )


def _visits(dice: Dice, uid: Ints) -> Ints:
    """Geometric, each client with a risk of his own; a third of the newcomers come once."""
    risk = 0.03 + 0.12 * dice.uniform("risk", uid) ** 2
    stays = 1 + np.floor(np.log1p(-dice.uniform("stay", uid)) / np.log1p(-risk)).astype(np.int64)
    once = (uid % ORIGINS == NEWCOMER) & (dice.uniform("once", uid) < _ONE_TIME)
    return np.where(once, 1, stays)


def _minute(dice: Dice, uid: Ints) -> Floats:
    """Before noon, around lunch, after work, or any time."""
    centre = np.array([630.0, 765.0, 1035.0, 840.0])[dice.choice("part of day", (0.28, 0.2, 0.37, 0.15), uid)]
    return centre + 55.0 * dice.normal("minute", uid)
