"""Remembers which records a scan has seen, and in what form, in sixteen bytes a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ingestion.records import Unreadable
from ingestion.trafft.marks import Marks
from ingestion.trafft.values import identifier

_KEY_MASK = (1 << 60) - 1
_FORM_MASK = (1 << 52) - 1
_TURN_BITS = 8
"""Key and mark are integers of at most 60 bits. Two of a million ids share a key once in two million scans; then the
count falls short, and the scan is not complete."""


@dataclass(frozen=True)
class Sifted:
    """One page as the memory sees it. `ids` has None for records without a readable id."""

    fresh: list[Any]
    """Records never seen before in this form."""
    ids: list[str | None]
    new: list[bool]
    """Per record, whether this reading of the list had not shown it before."""


class Seen:
    """The memory of one scan, over all its readings of the list (turns, counted from 1).

    A record without an id is known by its content, so that it too can be counted once.
    """

    def __init__(self) -> None:
        self._marks = Marks()
        self._distinct = [0]
        self._unreadable = [0]
        self._returned = [0]

    def __contains__(self, external_id: object) -> bool:
        return hash(external_id) & _KEY_MASK in self._marks

    def begin_turn(self) -> int:
        """Begin a new reading of the list and return its number."""
        for counts in (self._distinct, self._unreadable, self._returned):
            counts.append(0)
        return len(self._distinct) - 1

    def distinct(self, turn: int) -> int:
        """How many different records that reading has shown, those without an id included."""
        return self._distinct[turn]

    def unreadable(self, turn: int) -> int:
        """How many different records without a readable id that reading has shown."""
        return self._unreadable[turn]

    def agrees(self, turn: int) -> bool:
        """Whether that reading has shown exactly the records that the one before it showed."""
        return turn > 1 and self._returned[turn] == self._distinct[turn] == self._distinct[turn - 1]

    def moved(self, turn: int) -> int:
        """How many records came or went between that reading and the one before it."""
        return self._distinct[turn] + self._distinct[turn - 1] - 2 * self._returned[turn] if turn > 1 else 0

    def sift(self, records: Sequence[Any], turn: int) -> Sifted:
        """Take in the records of one page."""
        sifted = Sifted([], [], [])
        marks = self._marks
        ids = [_identify(record) for record in records]
        contents = [hash(_content(record)) for record in records]
        # Text and bytes that read the same have the same hash; ~ keeps a bare 7 apart from the id "7".
        keys = [
            (~content if external_id is None else hash(external_id)) & _KEY_MASK
            for external_id, content in zip(ids, contents, strict=True)
        ]
        rows = zip(records, ids, contents, keys, marks.of(keys), strict=True)
        for record, external_id, content, key, merged in rows:
            mark = (content & _FORM_MASK) << _TURN_BITS
            known = marks.latest(key, merged)
            seen_in = known & 0xFF if known >= 0 else 0
            marks[key] = mark | turn
            sifted.ids.append(external_id)
            sifted.new.append(seen_in != turn)
            if seen_in != turn:
                self._distinct[turn] += 1
                self._unreadable[turn] += external_id is None
                self._returned[turn] += seen_in == turn - 1 > 0
            if known < 0 or known ^ mark > 0xFF:
                sifted.fresh.append(record)
        return sifted


def _identify(record: Any) -> str | None:
    if type(record) is not dict:
        return None
    value = record.get("id")
    if type(value) is int:
        return str(value)
    try:
        # NUL goes here as it goes in the version log, so that both know the record by the same id.
        return (identifier(value) or "").replace("\x00", "").strip() or None
    except Unreadable:
        return None


def _content(record: Any) -> bytes:
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        return repr(record).encode("utf-8", "backslashreplace")
