"""Proves, page by page, that a list is sorted by a key that no edit changes, and that no row slipped between pages.

Let K be the last key of a page. If the next page is sorted too and begins at or before K, then every row beyond K that
was there for both requests lies on that page or after it: nothing that lived through the reading can be missed,
whatever was inserted or deleted meanwhile. Rows with equal keys may come in any order each time, so where keys are not
unique the next page has to begin strictly before K.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable
from ingestion.trafft.values import moment

_ANY_ZONE = ZoneInfo("UTC")
"""Local times are only compared with each other. The hour that comes twice in autumn looks like a rise, and costs a
reading to the end."""


class Order:
    """One key that the list may be sorted by, ascending or descending; `holds` until a page contradicts it."""

    def __init__(self, *, unique: bool) -> None:
        self.holds = True
        self._unique = unique
        self._ascending: bool | None = None
        self._last: Any = None
        self._ties = 0

    @property
    def overlap(self) -> int:
        """How many rows before the end the next page has to begin; 0 when the order does not hold."""
        if not self.holds:
            return 0
        return 1 if self._unique else self._ties + 1

    def read(self, keys: Sequence[Any]) -> None:
        """Take in the keys of one page; None stands for a record that has no such key, and ends it."""
        if self.holds:
            try:
                self.holds = self._continues(keys)
            except TypeError:
                self.holds = False

    def _continues(self, keys: Sequence[Any]) -> bool:
        if not keys:
            return False
        if self._ascending is None:
            if keys[0] == keys[-1]:
                return False
            self._ascending = bool(keys[0] < keys[-1])
        before = operator.lt if self._ascending else operator.gt
        if self._last is not None and not self._meets(keys[0], before):
            return False
        after = operator.ge if self._ascending else operator.le
        pairs = map(before, keys, keys[1:]) if self._unique else map(after, keys[1:], keys)
        if not all(pairs):
            return False
        self._last = keys[-1]
        self._ties = sum(key == self._last for key in keys)
        return True

    def _meets(self, first: Any, before: Callable[[Any, Any], bool]) -> bool:
        """Whether a page that begins with this key leaves no room between itself and what has been read."""
        return before(first, self._last) or (self._unique and first == self._last)


class Descent:
    """Whether all records so far came newest first, by a moment that they carry; without any fall nothing is proven."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._is_unbroken = True
        self._has_fallen = False
        self._lowest: datetime | None = None

    @property
    def is_proven(self) -> bool:
        """Whether there was a fall and never a rise."""
        return self._is_unbroken and self._has_fallen

    @property
    def is_broken(self) -> bool:
        """Whether a record came after an older one, or carries no moment: nothing that follows can prove the order."""
        return not self._is_unbroken

    def read(self, rows: Sequence[tuple[Mapping[str, Any], bool]]) -> None:
        """Take in one page: its records, and with each whether it is new; rows that shifted come a second time."""
        try:
            moments = [moment(record.get(self._field), _ANY_ZONE) for record, _ in rows]
        except Unreadable:
            moments = [None]
        known = [value for value in moments if value is not None]
        if len(known) < len(moments) or not all(map(operator.ge, known, known[1:])):
            self._is_unbroken = False
        if not self._is_unbroken or not known:
            return
        new = [value for value, (_, is_new) in zip(known, rows, strict=True) if is_new]
        if self._lowest and new and new[0] > self._lowest:
            self._is_unbroken = False
        self._has_fallen |= known[0] > known[-1] or bool(self._lowest and known[-1] < self._lowest)
        self._lowest = min(self._lowest or known[-1], known[-1])
