"""Which fields a list's records have, and of what kind: how a change of the booking system's schema is noticed.

Nothing depends on it: unknown fields stay in the payload, missing ones are null, and a field that cannot be read
quarantines its record. But a person should hear of it once, and not find out from a figure that fell.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHAPES = "shapes"
"""Where `integrations.feature_flags` keeps what is known: list → fields, such as `bookings[].status: text`."""
ENOUGH_RECORDS = 20
"""Fewer new versions than this may all lack an optional field by chance, unless they are the whole list."""
_WORDS = {bool: "true or false", int: "number", float: "number", str: "text", dict: "object", list: "list"}


_DEEP_FIRST, _DEEP_EVERY = 200, 8
"""What lies inside objects and lists is looked at in the first records and then in every eighth: a look costs 6 us."""


class Shape:
    """The fields seen so far; `note` costs 1.5 us a record on average."""

    def __init__(self) -> None:
        self.fields: set[str] = set()
        self.records = 0
        self._known_kinds: set[tuple[Any, ...]] = set()
        self._known_outlines: set[tuple[Any, ...]] = set()

    def note(self, record: Mapping[str, Any]) -> None:
        """Take in one decoded record."""
        self.records += 1
        outline = (*record, *map(type, record.values()))
        is_usual = outline in self._known_outlines
        if is_usual and self.records > _DEEP_FIRST and self.records % _DEEP_EVERY:
            return
        self._known_outlines.add(outline)
        kind = _kind(record)
        if kind not in self._known_kinds:
            self._known_kinds.add(kind)
            self.fields.update(_fields(record, ""))


@dataclass(frozen=True)
class Drift:
    """What has changed since the shape was last kept, and the shape to keep now."""

    new: tuple[str, ...]
    missing: tuple[str, ...]
    fields: frozenset[str]

    @property
    def note(self) -> str | None:
        """What a person is told, once; None when nothing has changed."""
        gone = {_path(field) for field in self.missing}
        retyped = [field for field in self.new if _path(field) in gone]
        added = [field for field in self.new if _path(field) not in gone]
        dropped = sorted(gone - {_path(field) for field in retyped})
        parts = [
            *(f"the field {_path(field)} is new ({_word(field)})" for field in added),
            *(f"the field {_path(field)} now comes as {_word(field)}" for field in retyped),
            *(f"the field {path} is no longer given" for path in dropped),
        ]
        return "the records have changed their form: " + ", ".join(parts) if parts else None


def drift(known: Iterable[str] | None, shape: Shape, *, listed: int | None) -> Drift:
    """Compare the versions of one sync with what was known; `listed` is the length of a list that was read whole.

    Only what is new or changed since the last sync has been noted in `shape`. A field counts as missing when none of
    these versions has it, and they are many, or the whole list.
    """
    if known is None:
        return Drift((), (), frozenset(shape.fields))
    before = frozenset(known)
    is_telling = shape.records >= ENOUGH_RECORDS or (shape.records == listed and shape.records > 0)
    missing = before - shape.fields if is_telling else frozenset[str]()
    new = shape.fields - before
    return Drift(tuple(sorted(new)), tuple(sorted(missing)), (before | new) - missing)


def _kind(value: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return something equal for records with the same fields of the same kinds."""
    nested = [_kinds(each) for each in value.values() if type(each) in (dict, list)]
    return (*value, *map(type, value.values()), *nested)


def _kinds(value: Any) -> tuple[Any, ...]:
    if type(value) is dict:
        return _kind(value)
    return tuple({_kind(each) if type(each) is dict else type(each) for each in value})


def _fields(record: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in record.items():
        path = f"{prefix}{key}"
        if value is None:
            continue
        yield f"{path}: {_WORDS.get(type(value), type(value).__name__)}"
        if type(value) is dict:
            yield from _fields(value, f"{path}.")
        elif type(value) is list:
            for each in value:
                if type(each) is dict:
                    yield from _fields(each, f"{path}[].")


def _path(field: str) -> str:
    return field.rpartition(": ")[0]


def _word(field: str) -> str:
    return field.rpartition(": ")[2]
