"""What tests and API calls changed on top of the generated story: a log, each entry with its moment."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

ADDED = 900_000_000  # ids of what was added start here, out of the story's way

Resource = Literal["appointments", "customers", "services", "employees", "locations"]


@dataclass(frozen=True)
class Change:
    """One field of one appointment (or booking) took a new value."""

    moment: int
    number: int
    field: int
    value: int


@dataclass(frozen=True)
class AddedBooking:
    """A booking that was added by hand."""

    number: int
    customer: int  # number
    extra_persons: int = 0


@dataclass(frozen=True)
class AddedAppointment:
    """An appointment that was added by hand. Moments are epoch seconds."""

    number: int
    created: int
    start: int
    minutes: int
    service: int  # positions in the shop's lists
    employee: int
    location: int
    status: int
    bookings: tuple[AddedBooking, ...]


@dataclass(frozen=True)
class Person:
    """A customer as someone typed them in, instead of as the story has them."""

    first_name: str
    last_name: str
    email: str | None
    phone: str | None


@dataclass
class Edits:
    """Only ever grows; `version` tells caches when it has."""

    version: int = 0
    changes: list[Change] = field(default_factory=list)
    booking_changes: list[Change] = field(default_factory=list)
    added_appointments: list[AddedAppointment] = field(default_factory=list)
    added_customers: list[tuple[int, int]] = field(default_factory=list)  # (number, created)
    people: dict[int, Person] = field(default_factory=dict)  # by customer number
    deleted_customers: dict[int, int] = field(default_factory=dict)  # number -> moment
    prices: list[tuple[int, Decimal, int]] = field(default_factory=list)  # (service position, price, since)
    notes: list[str | None] = field(default_factory=list)
    raw: list[tuple[Resource, Any]] = field(default_factory=list)
    coupons: set[int] = field(default_factory=set)
    issued: int = 0

    def next_number(self) -> int:
        """Return a number that no record of the story has."""
        self.issued += 1
        return ADDED + self.issued

    def touch(self) -> None:
        """Say that the book has to be written anew."""
        self.version += 1
