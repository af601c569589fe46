"""Puts what is wanted one after the other, so that nobody is cut by a barber who is busy with somebody else."""

from dataclasses import dataclass

import numpy as np

from simulator.columns import Column, Columns, Flags, Ints
from simulator.roster import Roster

_MINUTES = 1536  # more than a day has
_APART = 1 << 22  # more minutes than one barber could be asked for on one day


@dataclass(frozen=True)
class Slots(Columns):
    """Wished visits on their way into the barbers' days. Minutes are those of the local day."""

    barber: Column
    day: Column
    minute: Column  # wanted
    length: Column


def pack(roster: Roster, slots: Slots) -> tuple[Ints, Flags]:
    """For each slot the minute at which it begins, and whether it ends before the barber goes home.

    Within a barber's day each begins when wanted or when the one before ends: start(i) = max(wanted(i), end(i - 1)).
    Counted from the sum of the lengths before, that is a running maximum, which numpy does for all days at once.
    """
    key = (slots.barber.astype(np.int64) * roster.days + slots.day) * _MINUTES + slots.minute
    order = np.argsort(key, kind="stable")
    barber_day = key[order] // _MINUTES
    length = slots.length[order].astype(np.int64)
    turn = np.cumsum(np.diff(barber_day, prepend=-1) != 0)  # counts the barber-days, from 1
    before = np.cumsum(length) - length
    first = np.flatnonzero(np.diff(turn, prepend=0))
    before -= before[first][turn - 1]
    begins = np.maximum.accumulate(slots.minute[order] - before + turn * _APART) - turn * _APART + before
    start = np.empty(len(order), dtype=np.int64)
    start[order] = begins
    return start, start + slots.length <= roster.closes[slots.barber, slots.day]
