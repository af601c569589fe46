"""A shop as it is set up before the first client comes: place, services, locations and habits, all from the seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from simulator.business import Location, Service
from simulator.dice import Dice
from simulator.places import Place
from simulator.zones import DAY, Zone

EPOCH = date(1970, 1, 1)
CLASS_EVERY = 14  # days from class to class
LEAD_DAYS = 60  # how far ahead a barber or a service can be booked


@dataclass(frozen=True)
class Habits:
    """Rates that differ from shop to shop."""

    walk_ins: float  # share of appointments
    cancels: float
    no_shows: float
    moves: float  # reschedules
    asks_approval: float  # share of bookings that start as pending
    classes: bool


@dataclass(frozen=True)
class Size:
    """About so many appointments, made between the opening and `until`; None: what a few busy chairs give."""

    appointments: int | None
    opening: date
    until: date


@dataclass(frozen=True)
class Plan:
    """What a shop is meant to be before its story is drawn: where, since when, how big."""

    dice: Dice
    name: str
    place: Place
    zone: Zone
    opening: date
    until: date  # the day up to which `appointments` counts
    appointments: int
    chairs: int
    services: tuple[Service, ...]
    locations: tuple[Location, ...]
    habits: Habits

    @property
    def days(self) -> int:
        """Return how many days lie between the opening and `until`."""
        return (self.until - self.opening).days

    @property
    def class_count(self) -> int:
        """About how many classes fall before `until`."""
        return self.days // CLASS_EVERY if self.habits.classes else 0

    @property
    def opening_day(self) -> int:
        """Days since 1970."""
        return (self.opening - EPOCH).days

    def instant_of_day(self, day: int, minute: int = 0) -> int:
        """The moment of a local wall-clock minute, `day` days after the opening."""
        return self.zone.instant((self.opening_day + day) * DAY + minute * 60)


@dataclass(frozen=True)
class _Offer:
    name: str
    minutes: int
    after: int  # buffer
    factor: str  # price relative to a plain cut
    popularity: float
    seats: int = 1


_OFFERS = (
    _Offer("Skin Fade", 30, 5, "1.05", 0.27),
    _Offer("Classic Cut", 30, 0, "1", 0.24),
    _Offer("Cut and Beard", 45, 5, "1.5", 0.19),
    _Offer("Beard Trim", 20, 0, "0.55", 0.10),
    _Offer("Kids Cut", 25, 0, "0.75", 0.09),
    _Offer("Hot Towel Shave", 35, 10, "1.15", 0.05),
    _Offer("Buzz Cut", 15, 0, "0.6", 0.06),
    _Offer("Beard Care Class", 60, 0, "0.9", 0.0, seats=6),
)
NATURAL_PACE = 4.2  # appointments per chair and calendar day, closed days included


def plan_shop(dice: Dice, name: str, place: Place, size: Size) -> Plan:
    """Decide how many barbers and regulars a shop of this size needs. Raises `ValueError` for no days at all."""
    days = (size.until - size.opening).days
    if days < 1:
        raise ValueError(f"a shop opens before the day it is measured; got {size.opening} and {size.until}")
    if size.appointments is None:
        chairs = 2 + dice.pick("chairs", 3)
        appointments = round(chairs * NATURAL_PACE * days)
    else:
        appointments = size.appointments
        chairs = max(2, round(appointments / days / NATURAL_PACE))
    start = Zone(place.timezone).instant((size.opening - EPOCH).days * DAY)
    return Plan(
        dice=dice,
        name=name,
        place=place,
        zone=Zone(place.timezone),
        opening=size.opening,
        until=size.until,
        appointments=appointments,
        chairs=chairs,
        services=tuple(_services(dice, place, start)),
        locations=tuple(_locations(dice, name, place, chairs)),
        habits=Habits(
            walk_ins=0.08 + 0.10 * dice.one("walk-ins"),
            cancels=0.05 + 0.06 * dice.one("cancels"),
            no_shows=0.02 + 0.04 * dice.one("no-shows"),
            moves=0.04 + 0.04 * dice.one("moves"),
            asks_approval=0.02 + 0.05 * dice.one("approval"),
            classes=days >= 60,
        ),
    )


def default_opening(until: date, appointments: int | None) -> date:
    """Small shops are young, so that a chair is not idle all day; a million appointments take three years."""
    if appointments is None:
        return until - timedelta(days=546)
    if appointments >= 100_000:
        return until - timedelta(days=1096)
    return until - timedelta(days=min(max(round(appointments * 0.6), 120), 546))


def _services(dice: Dice, place: Place, opening: int) -> Iterator[Service]:
    first = 11 + dice.pick("service/number", 20)
    for position, offer in enumerate(_OFFERS):
        late = dice.one("service/late", position) < 0.15 and position > 2 and offer.seats == 1
        since = opening + int(late) * DAY * (30 + dice.pick("service/since", 200, position))
        yield Service(
            number=first + position,
            name=offer.name,
            minutes=offer.minutes,
            buffer_before=5 if offer.seats > 1 else 0,
            buffer_after=offer.after,
            prices=tuple(_price_history(dice, place, Decimal(offer.factor), position=position, since=since)),
            popularity=offer.popularity,
            seats=offer.seats,
        )


def _price_history(
    dice: Dice, place: Place, factor: Decimal, *, position: int, since: int
) -> Iterator[tuple[int, Decimal]]:
    level = Decimal(str(round(0.85 + 0.3 * dice.one("price/level"), 3)))
    exact = place.cut * factor * level
    price = _rounded(exact, place)
    yield since, price
    for raise_number in range(20):  # roughly every eleven months, as long as the shop stands
        since += DAY * (250 + dice.pick("price/wait", 170, position * 64 + raise_number))
        exact *= 1 + Decimal(3 + dice.pick("price/raise", 7, position * 64 + raise_number)) / 100
        if _rounded(exact, place) != price:
            price = _rounded(exact, place)
            yield since, price


def _rounded(price: Decimal, place: Place) -> Decimal:
    steps = (price / place.price_step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return (steps * place.price_step).quantize(Decimal(1).scaleb(-place.exponent))


def _locations(dice: Dice, name: str, place: Place, chairs: int) -> Iterator[Location]:
    quarters = ("Riverside", "Old Town", "Station")
    for position in range(2 if chairs > 3 or dice.one("second location") < 0.2 else 1):
        yield Location(
            number=2 + position,
            name=f"{name} {quarters[(dice.pick('quarter', 3) + position) % 3]}",
            address=place.address.format(number=1 + dice.pick("street", 90, position)),
            phone=f"{place.dial}{100 + dice.pick('phone', 90, position):04d}",
        )
