"""One barbershop as it is read: its story with the edits laid over it, its state at a moment, the truth about it."""

import threading
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Self

from simulator.book import Book, write_book
from simulator.clock import Clock
from simulator.dice import Dice
from simulator.edits import Edits
from simulator.modes import Modes
from simulator.names import shop_names
from simulator.people import People
from simulator.places import PLACES, Place, place_of_currency, place_of_zone
from simulator.plan import Plan, Size, default_opening, plan_shop
from simulator.rendering import Renderer
from simulator.state import State, fold, key_of
from simulator.story import Story, tell
from simulator.truth import Truth, tell_truth
from simulator.zones import DAY

UNTIL = date(2026, 3, 2)  # the fixed day from which a shop's opening is counted back
_STEP_DAYS, _AHEAD_DAYS = 60, 130  # a story is told in steps, and always well ahead of the clock
_STATES_KEPT = 3


@dataclass(frozen=True)
class Identity:
    """What makes a shop this shop and no other: its dice, its number, its name and its place."""

    dice: Dice
    number: int
    name: str
    place: Place


class Twin:
    """What it shows at a moment is a pure function of (seed, edits, moment). Lazy: the story is told when somebody
    first asks for it. `simulator.shop.Shop` adds the edits."""

    def __init__(self, identity: Identity, size: Size, *, clock: Clock, modes: Modes) -> None:
        self.number = identity.number
        self.name = identity.name
        self.place = identity.place
        self.clock = clock
        self.modes = modes
        self.edits = Edits()
        self._dice = identity.dice
        self._size = size
        self.client_id = f"sim{self.number:04d}{self._dice.text('client id', 20)}"
        self.client_secret = self._dice.text("client secret", 40)
        self._lock = threading.RLock()
        self._story: Story | None = None
        self._book: tuple[int, int, Book] | None = None
        self._renderer: tuple[Book, Renderer] | None = None
        self._states: dict[tuple[int, ...], State] = {}

    @classmethod
    def generate(
        cls,
        *,
        seed: int,
        clock: Clock,
        number: int = 1,
        appointments: int | None = 300,
        opening: date | None = None,
        until: date = UNTIL,
        name: str | None = None,
        timezone: str | None = None,
        currency: str | None = None,
        modes: Modes | None = None,
    ) -> Self:
        """A shop with about `appointments` appointments made from its opening up to `until`; the story goes on after.

        The opening is counted back from `until`, a fixed date, never from the clock: a later clock shows the same past
        and what has come since. `appointments=None` takes what a few busy chairs give.
        """
        dice = Dice("shop", seed, number)
        identity = Identity(
            dice=dice, number=number, name=name or _name(seed, number), place=_place(dice, timezone, currency)
        )
        size = Size(appointments, opening or default_opening(until, appointments), until)
        return cls(identity, size, clock=clock, modes=modes or Modes())

    @property
    def timezone(self) -> str:
        """Return the IANA name of the shop's zone."""
        return self.place.timezone

    @property
    def currency(self) -> str:
        """Return the ISO 4217 code of the shop's currency."""
        return self.place.currency

    @cached_property
    def plan(self) -> Plan:
        """Return the plan that the shop's story follows."""
        return plan_shop(self._dice, self.name, self.place, self._size)

    def state(self, moment: int | None = None) -> State:
        """The shop now, or at an earlier moment (seconds since 1970)."""
        with self._lock:
            moment = self.clock.seconds() if moment is None else moment
            book = self.book(moment)
            key = key_of(book, moment)
            if key not in self._states:
                while len(self._states) >= _STATES_KEPT:
                    del self._states[next(iter(self._states))]
                self._states[key] = fold(book, moment)
            return replace(self._states[key], moment=moment)

    def book(self, moment: int) -> Book:
        """Return the book that covers a moment (epoch seconds), edits included."""
        with self._lock:
            story = self._story_until(moment)
            if self._book is None or self._book[:2] != (self.edits.version, story.roster.days):
                self._states.clear()
                self._book = (self.edits.version, story.roster.days, write_book(self.plan, story, self.edits))
            return self._book[2]

    def renderer(self, book: Book) -> Renderer:
        """Return what writes this book's records."""
        with self._lock:
            if self._renderer is None or self._renderer[0] is not book:
                self._renderer = (book, Renderer(self.plan, self.modes, People(book, self.place)))
            return self._renderer[1]

    def truth(self) -> Truth:
        """What is true now, as plain records, whatever the modes."""
        state = self.state()
        return tell_truth(self.plan, state, People(state.book, self.place))

    def counts(self) -> dict[str, int]:
        """The size of the truth, without writing it down."""
        state = self.state()
        return {
            "appointments": len(state.rows),
            "customers": len(state.customers),
            "services": len(state.services()),
            "employees": len(state.employees()),
            "locations": len(self.plan.locations),
        }

    def _story_until(self, moment: int) -> Story:
        day = (moment - self.plan.instant_of_day(0)) // DAY
        steps = -(-max(day + _AHEAD_DAYS, 1) // _STEP_DAYS)
        if self._story is None or self._story.roster.days < steps * _STEP_DAYS:
            self._story = tell(self.plan, steps * _STEP_DAYS)
        return self._story

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"{kind}(number={self.number}, name={self.name!r}, {self.timezone}, {self.currency})"


def _name(seed: int, number: int) -> str:
    """Different for every number of one seed."""
    names = shop_names()
    turn = (number - 1) // len(names)
    name = names[(Dice("names", seed).pick("first", len(names)) + number - 1) % len(names)]
    return f"{name} {turn + 1}" if turn else name


def _place(dice: Dice, timezone: str | None, currency: str | None) -> Place:
    """The city of that zone, paying in that currency; both from the seed where not given."""
    if timezone is None and currency is None:
        return PLACES[dice.pick("place", len(PLACES))]
    place = place_of_currency(currency) if timezone is None else place_of_zone(timezone)
    if currency is None or currency == place.currency:
        return place
    money = place_of_currency(currency)
    return replace(
        place,
        currency=money.currency,
        symbol=money.symbol,
        exponent=money.exponent,
        cut=money.cut,
        price_step=money.price_step,
    )
