"""A shop's time zone as two arrays, so that a million instants turn into wall-clock time at once."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from simulator.dice import Ints

DAY = 86_400
_FIRST, _LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


class Zone:
    """A time zone for whole columns of moments: wall seconds to epoch seconds and back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._changes, self._offsets = _table(name)

    def offsets_at(self, instants: Ints) -> Ints:
        """Seconds east of Greenwich at each instant."""
        return self._offsets[np.searchsorted(self._changes, instants, side="right") - 1]

    def wall(self, instants: Ints) -> Ints:
        """What a clock on the wall shows, as seconds since 1970 on that wall."""
        return instants + self.offsets_at(instants)

    def instants(self, wall: Ints) -> Ints:
        """The instants a wall clock shows. In a fold the first one; in a gap as if the clock had not jumped yet."""
        before, after = wall - self.offsets_at(wall - DAY), wall - self.offsets_at(wall + DAY)
        return np.where((self.wall(before) != wall) & (self.wall(after) == wall), after, before)

    def instant(self, wall: int) -> int:
        """Return the epoch seconds of one local moment (wall seconds)."""
        return int(self.instants(np.array([wall]))[0])


@lru_cache(maxsize=64)
def _table(name: str) -> tuple[Ints, Ints]:
    zone = ZoneInfo(name)
    first, last = int(_FIRST.timestamp()), int(_LAST.timestamp())
    changes, offsets = [np.iinfo(np.int64).min], [_offset(zone, first)]
    for day in range(first, last, DAY):
        if _offset(zone, day + DAY) != offsets[-1]:
            changes.append(_moment_of_change(zone, day, day + DAY))
            offsets.append(_offset(zone, day + DAY))
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _moment_of_change(zone: ZoneInfo, before: int, after: int) -> int:
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
