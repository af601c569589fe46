"""What a booking system must say of its lists so that their records can enter the version log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa


class Unreadable(ValueError):
    """A record or a value that cannot be read; the message says which field, what it held, and what was expected."""


@dataclass(frozen=True)
class ShopContext:
    """What a record alone does not say: the shop's zone for local times, and the unit of its durations."""

    zone: ZoneInfo
    duration_seconds: int = 60
    """Seconds that one unit of a service's duration stands for: 60 for minutes, 1 for seconds."""
    minor_digits: int = 2
    """Decimals that the shop's currency is written with."""


@dataclass(frozen=True)
class Resource:
    """One list of a booking system, and how one of its records becomes the promoted columns of a raw table.

    `identify` and `parse` take the decoded record; `parse` gives the values of `columns` in their order. Both raise
    `Unreadable` for what they cannot make out.
    """

    name: str
    description: str
    columns: Mapping[str, pa.DataType]
    parse: Callable[[Mapping[str, Any], ShopContext], tuple[Any, ...]]
    identify: Callable[[Mapping[str, Any]], str | None]
    read_with: Callable[[ShopContext], str] = lambda context: ""
    """What of the context, and which edition of `parse`, the columns depend on. It is part of a version's hash: when a
    shop's zone is corrected, or `parse` learns better, the next full sync writes the records anew."""
    json_columns: frozenset[str] = frozenset()
    context_from: Callable[[Sequence[Any], ShopContext], ShopContext] | None = None
    """For lists that are read as one piece: refines the context from all their records (the unit of durations)."""
