"""The shop's memory: records as columns, one array per field, so that a million appointments are a few arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NEVER = int(np.iinfo(np.int64).max)

STATUSES = ("approved", "pending", "canceled", "rejected", "no-show")
APPROVED, PENDING, CANCELED, REJECTED, NO_SHOW = range(5)
AS_APPOINTMENT = -1  # a booking without a status of its own
NOT_YET = -2  # a booking that joins its class later
WALK_IN_NAME = -1  # in place of a first name: the pseudo-client that barbers book strangers on
HAS_EMAIL, HAS_PHONE, SHARED_EMAIL = 1, 2, 4

# What an event changes.
STATUS, START, DELETED, SERVICE, EMPLOYEE, ASSISTANT, MINUTES, NOTE, LOCATION = range(9)


@dataclass(frozen=True)
class Columns:
    """Arrays of one length each; row n of all of them is record n."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def and_then(self, other: Self) -> Self:
        """These records and, after them, the others."""
        return self.chained([self, other])

    @classmethod
    def chained(cls, parts: Sequence[Self]) -> Self:
        """One after the other, in the types of the first."""
        columns = ((f.name, [getattr(part, f.name) for part in parts]) for f in fields(cls))
        return cls(
            **{name: np.concatenate(arrays, dtype=arrays[0].dtype, casting="same_kind") for name, arrays in columns}
        )

    @classmethod
    def of_rows(cls, rows: Sequence[Mapping[str, int]]) -> Self:
        """Return columns made of rows that name every field."""
        return cls(**{f.name: np.array([row[f.name] for row in rows], dtype=np.int64) for f in fields(cls)})

    def take(self, rows: Column | slice) -> Self:
        """Return the rows of a slice or of an array of positions."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True)
class Appointments(Columns):
    """In order of creation. `start` is the first one agreed; later ones are events."""

    number: Ints
    created: Ints
    start: Ints
    minutes: Column
    service: Column
    employee: Column
    assistant: Column
    location: Column
    status: Column
    note: Column
    bookings_from: Ints
    bookings_until: Ints


@dataclass(frozen=True)
class Bookings(Columns):
    """Those of one appointment stand together."""

    number: Ints
    joined: Ints
    customer: Column  # row
    extra_persons: Column
    status: Column


@dataclass(frozen=True)
class Customers(Columns):
    """In order of creation. Names are positions in the shop's pools of names."""

    number: Ints
    created: Ints
    first_name: Column
    last_name: Column
    reachable: Column  # a sum of HAS_EMAIL and the like
    born: Column  # days since 1970, 0 when unknown
    gender: Column


@dataclass(frozen=True)
class Events(Columns):
    """What happened to appointments (or bookings) after their creation, in order of time."""

    moment: Ints
    row: Column
    field: Column
    value: Ints

    def until(self, moment: int) -> int:
        """How many had happened by then."""
        return int(np.searchsorted(self.moment, moment, side="right"))
