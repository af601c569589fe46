"""Which page number and limit to ask for next.

Trafft knows page numbers only, but page p of limit l begins at row (p - 1) * l: with the limit free to choose, almost
any offset can be reached. That lets one page begin on the last row of the page before, and a row that moved between
the two requests shows itself.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

FALLBACK_LIMITS = (50, 20)
"""Tried in this order when Trafft refuses the limit that was asked for."""


class Step(NamedTuple):
    """One page to ask for."""

    number: int
    limit: int

    @property
    def start(self) -> int:
        """The position of its first row."""
        return (self.number - 1) * self.limit


@lru_cache(maxsize=8192)
def overlapping_step(end: int, overlap: int, ceiling: int) -> Step | None:
    """Return the page that begins at least `overlap` rows before `end` and reaches furthest beyond it.

    None when no page of at most `ceiling` rows does both. At a ceiling of 100 a page adds about 90 rows this way.
    """
    best = None
    for start in range(end - overlap, max(end - ceiling, -1), -1):
        if best and start + ceiling <= best.start + best.limit:
            break
        limit = next((limit for limit in range(ceiling, end - start, -1) if start % limit == 0), 0)
        if limit and (best is None or start + limit > best.start + best.limit):
            best = Step(start // limit + 1, limit)
    return best


@dataclass
class Habits:
    """What has been learned of one list of one account: how many rows fit on a page, and what it refuses."""

    ceiling: int
    takes_any_limit: bool = True
    takes_hints: bool = True
    """Whether a wish for an order may go with the request."""

    def __post_init__(self) -> None:
        self._wanted = self.ceiling

    def next_step(self, end: int, *, overlap: int) -> Step:
        """Return the page to ask for when the rows before `end` have been read; `overlap` 0 means no matter."""
        if overlap and self.takes_any_limit:
            step = overlapping_step(end, overlap, self.ceiling)
            if step:
                return step
        return Step(end // self.ceiling + 1, self.ceiling)

    def learn_limit(self, step: Step, limit: int) -> None:
        """Note how many rows a page of this step can have, which need not be what was asked for."""
        if limit == step.limit:
            return
        if step.limit < self.ceiling:
            self.takes_any_limit = False
        else:
            self.ceiling = limit

    def learn_refusal(self, step: Step) -> bool:
        """Note that Trafft refused this step; False when there is nothing left to ask for in another way."""
        if step.limit < self.ceiling:
            self.takes_any_limit = False
            return True
        smaller = next((limit for limit in FALLBACK_LIMITS if limit < self.ceiling), None)
        if smaller is not None:
            self.ceiling = smaller
            return True
        if self.takes_hints:
            self.takes_hints, self.ceiling = False, self._wanted
            return True
        return False
