"""What a shop is made of besides its appointments: services with their price history, barbers, locations."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.columns import NEVER


@dataclass(frozen=True)
class Service:
    """Something that the shop sells. Times are minutes, moments epoch seconds."""

    number: int
    name: str
    minutes: int
    buffer_before: int
    buffer_after: int
    prices: tuple[tuple[int, Decimal], ...]  # (valid from, price), in order of time
    popularity: float
    seats: int = 1  # more than one: a class

    @property
    def since(self) -> int:
        """The moment from which it is offered."""
        return self.prices[0][0]

    def price_at(self, moment: int) -> Decimal:
        """The list price then; before it was offered, the first one."""
        position = bisect_right(self.prices, moment, key=lambda entry: entry[0])
        return self.prices[max(position - 1, 0)][1]

    def with_price(self, price: Decimal, since: int) -> "Service":
        """Return the service with another price from `since` (epoch seconds) on."""
        kept = tuple(entry for entry in self.prices if entry[0] < since)
        return replace(self, prices=(*kept, (since, price)))


@dataclass(frozen=True)
class Employee:
    """A barber. Moments are epoch seconds."""

    number: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    timezone: str | None
    location: int  # position among the shop's locations
    chair: int
    first_day: int  # days since the shop's opening
    last_day: int
    listed: int  # moment from which the account shows them
    left: int = NEVER
    pace: float = 1.0  # how long they take, relative to the service's minutes


@dataclass(frozen=True)
class Location:
    """A place where the shop cuts hair."""

    number: int
    name: str
    address: str
    phone: str
