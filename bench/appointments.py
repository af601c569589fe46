"""Makes appointments from a seed: about 1 kB of JSON and 45 values each, equal for equal seeds.

They have the keys that Trafft is known to show and those of an account that uses its custom fields, or the former only.
Each block of a hundred depends on the seed and its place alone, so a million need no more memory than a hundred.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

TIMEZONE = "America/New_York"

_BLOCK = 100
_OPENING = datetime(2021, 1, 4, 9, 0)  # noqa: DTZ001 -- Trafft shows local times without an offset
_DAYS = 5 * 365
_QUARTERS_A_DAY = 40
_CUSTOMERS = 4_000
_STATUSES = ("approved", "approved", "approved", "approved", "pending", "canceled", "rejected", "no-show")
_SERVICES = ("Skin Fade", "Cut and Beard", "Hot Towel Shave", "Scissor Cut", "Kids Cut", "Line-up")
_LOCATIONS = ("Elite Cuts Riverside", "Elite Cuts Old Town")
_BARBERS = (("Dario", "Vance"), ("Imani", "Cole"), ("Sven", "Öberg"), ("Zoë", "Marín"), ("Kai", "Laurent"))
_FIRST = ("Noah", "Theo", "José", "Łukasz", "Amara", "Ola", "Mateo", "Chloé", "Ivan", "Priya", "Björn", "Ada")
_LAST = ("Reyes", "Lang", "Berg", "Nowak", "Okafor", "García", "Smith", "Dubois", "Petrov", "Shah", "Müller", "Quinn")
_QUESTIONS = ("Beard oil?", "Coffee or tea?", "First visit?", "Any allergies?", "How did you find us?")
_TALK = (
    "keep the length on top, fade the sides down to a two, careful around the scar behind the left ear; prefers the "
    "chair by the window and no small talk before ten; beard squared, neck shaved with the razor; allergic to menthol, "
    "asked for “the usual” and a quick wash; paid for two last time, brings his son who sits on the booster"
)
_WORDS = tuple(_TALK.split())


@dataclass(frozen=True)
class Shop:
    """An account with so many appointments, which uses custom fields or does not."""

    seed: int
    appointments: int
    has_custom_fields: bool = True

    def records(self) -> Iterator[bytes]:
        """Yield the appointments, newest first, each as PHP writes it: ASCII without spaces."""
        for newest in range(self.appointments, 0, -_BLOCK):
            dice = random.Random(f"{self.seed}/{newest}")  # noqa: S311 -- the same records again, not secrecy
            for number in range(newest, max(newest - _BLOCK, 0), -1):
                yield json.dumps(self._appointment(number, dice), separators=(",", ":")).encode()

    def _starts_at(self, number: int) -> datetime:
        day, quarter = divmod(number * _DAYS * _QUARTERS_A_DAY // self.appointments, _QUARTERS_A_DAY)
        return _OPENING + timedelta(days=day, minutes=15 * quarter)

    def _appointment(self, number: int, dice: random.Random) -> dict[str, Any]:
        starts_at = self._starts_at(number)
        status = dice.choice(_STATUSES)
        service, location, barber = dice.randrange(6), dice.randrange(2), dice.randrange(5)
        return {
            "id": number,
            "status": status,
            "start_date_time": str(starts_at),
            "end_date_time": str(starts_at + timedelta(minutes=dice.choice((15, 30, 45, 60)))),
            "created_at": str(_while_open(starts_at - timedelta(days=dice.randrange(1, 25)), dice)),
            "note": None if dice.random() < 0.1 else " ".join(dice.choices(_WORDS, k=dice.randrange(40))),
            "service": {"id": 13 + service, "name": _SERVICES[service]},
            "location": {} if dice.random() < 0.05 else {"id": 2 + location, "name": _LOCATIONS[location]},
            "employees": [{"id": 5 + barber, "first_name": _BARBERS[barber][0], "last_name": _BARBERS[barber][1]}],
            "bookings": [_booking(4 * number + seat, status, dice) for seat in range(dice.choice((1, 1, 2, 4)))],
            **(_custom_fields(number, dice) if self.has_custom_fields else {}),
        }


def _while_open(day: datetime, dice: random.Random) -> datetime:
    """Return a time of that day when clocks are never changed: other loaders do not know the shop's zone."""
    return day.replace(hour=dice.randrange(7, 23), minute=dice.randrange(60), second=dice.randrange(60))


def _custom_fields(number: int, dice: random.Random) -> dict[str, Any]:
    answers = [
        {"id": place, "label": label, "value": " ".join(dice.choices(_WORDS, k=2))}
        for place, label in enumerate(_QUESTIONS[: dice.choice((3, 4, 5))], 1)
    ]
    return {"uuid": f"{dice.getrandbits(64):016x}-{number:08d}", "online_meeting_url": None, "custom_fields": answers}


def _booking(booking_id: int, status: str, dice: random.Random) -> dict[str, Any]:
    customer = dice.randrange(_CUSTOMERS)
    return {
        "id": booking_id,
        "status": status,
        "additional_persons": 0 if dice.random() < 0.9 else 1,
        "customer": {
            "id": 1 + customer,
            "first_name": _FIRST[customer % len(_FIRST)],
            "last_name": _LAST[customer // len(_FIRST) % len(_LAST)],
            "email": None if customer % 9 == 0 else f"customer.{customer}@example.com",
        },
    }
