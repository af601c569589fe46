"""The shops that the demo shows: two that differ in zone, currency and manners, and as many more as wanted."""

from collections.abc import Iterator
from datetime import date

from simulator.clock import Clock
from simulator.dice import Dice
from simulator.modes import Modes
from simulator.places import PLACES
from simulator.shop import Shop

# A year and a half before the simulator was written; a later demo shows the same past and what has come since.
OPENING, UNTIL = date(2025, 5, 5), date(2026, 11, 9)

GENTLY_AWKWARD = Modes(
    times="iso_offset", ids="string", prices="string", no_show="both", pagination="laravel", sorting="honoured"
)


def demo_shops(count: int, *, seed: int, clock: Clock, appointments: int | None = None) -> list[Shop]:
    """Shop 1 stands in New York and behaves as verified; shop 2 in London and is gently awkward. `appointments` is the
    size of each; by default they differ, between 400 and 1,500. Same arguments, same shops and credentials."""
    return list(_shops(count, seed, clock, appointments))


def _shops(count: int, seed: int, clock: Clock, appointments: int | None) -> Iterator[Shop]:
    dice = Dice("family", seed)
    for number in range(1, count + 1):
        place = PLACES[(number - 1) % len(PLACES)]
        yield Shop.generate(
            seed=seed,
            number=number,
            clock=clock,
            appointments=appointments or 400 + dice.pick("size", 1100, number),
            opening=OPENING,
            until=UNTIL,
            timezone=place.timezone,
            modes=GENTLY_AWKWARD if number % 2 == 0 else Modes(),
        )
