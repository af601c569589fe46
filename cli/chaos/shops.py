"""The simulated shops of a round, what happens in them, and a simulator that tells of every request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from simulator.answers import Answer
from simulator.clock import Clock
from simulator.family import GENTLY_AWKWARD
from simulator.modes import Modes
from simulator.server import Request, Simulator
from simulator.shop import Shop

BEGINNING = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""Long enough ago that all bookings of a round are over, whenever it is played: the marts judge by today."""
_OPENING = date(2025, 12, 1)
"""After the hour that autumn repeats: a local time without offset does not say which of the two is meant."""
_APPOINTMENTS = 110
_MANNERS = (
    Modes(max_limit=50, extended_fields="present"),
    replace(GENTLY_AWKWARD, max_limit=25, extended_fields="present"),
)
_ZONES = ("America/New_York", "Europe/London")


class WatchedSimulator(Simulator):
    """A simulator that counts its requests and can be listened to: `on_request` hears the number of each, from 1."""

    def __init__(self, shops: Sequence[Shop], *, clock: Clock) -> None:
        super().__init__(shops, clock=clock)
        self.count = 0
        self.on_request: Callable[[int], None] = lambda number: None

    def answer(self, request: Request) -> Answer:
        """Tell of the request, then answer it."""
        self.count += 1
        self.on_request(self.count)
        return super().answer(request)


@dataclass(frozen=True)
class Connected:
    """A simulated shop and the integrations that read it; the twin's syncs are never disturbed."""

    shop: Shop
    integration_id: str
    twin_id: str


@dataclass
class Cast:
    """The shops that some rounds share."""

    simulator: WatchedSimulator
    members: Sequence[Connected]
    work_dirs: int = 0
    requests_of_a_sync: int = 0
    deleted: dict[str, list[str]] = field(default_factory=dict)
    """Client id → appointments that were deleted, of which one may come back."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The integrations whose syncs are disturbed."""
        return tuple(member.integration_id for member in self.members)

    @property
    def twins(self) -> tuple[str, ...]:
        """The integrations whose syncs are not."""
        return tuple(member.twin_id for member in self.members)


def make_shops(seed: str) -> tuple[WatchedSimulator, list[Shop]]:
    """Return two small shops that differ in zone and manners, behind one simulator."""
    clock = Clock(frozen_at=BEGINNING)
    number = Random(f"{seed}:shops").randrange(1, 1_000_000)
    shops = [
        Shop.generate(
            seed=number,
            number=position,
            clock=clock,
            appointments=_APPOINTMENTS,
            opening=_OPENING,
            until=BEGINNING.date(),
            timezone=zone,
            modes=modes,
        )
        for position, (zone, modes) in enumerate(zip(_ZONES, _MANNERS, strict=True), 1)
    ]
    return WatchedSimulator(shops, clock=clock), shops


def connect_cast(
    url: str, keys: Secret, base_url: str, simulator: WatchedSimulator, shops: Sequence[Shop], label: str
) -> Cast:
    """Connect each shop twice: once to be disturbed, once as its twin."""
    return Cast(
        simulator,
        [
            Connected(
                shop,
                _connect(url, keys, base_url, shop, f"{shop.name} {label}"),
                _connect(url, keys, base_url, shop, f"{shop.name} {label} undisturbed"),
            )
            for shop in shops
        ],
    )


def _connect(url: str, keys: Secret, base_url: str, shop: Shop, name: str) -> str:
    with connect(url) as connection:
        return connect_shop(
            connection,
            Vault.from_ring(keys),
            name=name,
            base_url=base_url,
            client_id=Secret(shop.client_id),
            client_secret=Secret(shop.client_secret),
            timezone=shop.timezone,
            currency=shop.currency,
        ).id


def make_history(cast: Cast, dice: Random) -> None:
    """Let a few hours pass in every shop, with a bit of everything that a sync must notice."""
    cast.simulator.clock.advance(timedelta(hours=dice.randrange(1, 30)))
    for member in cast.members:
        _live(member.shop, dice, cast.deleted.setdefault(member.shop.client_id, []))
    victim = dice.choice(cast.members).shop
    victim.add_raw_record(
        dice.choice(("appointments", "customers", "services")), {"id": None, "poison": dice.getrandbits(32)}
    )


def _live(shop: Shop, dice: Random, deleted: list[str]) -> None:
    now = shop.clock.now()
    truth = shop.truth()
    open_ones = [one.id for one in truth.appointments if one.status == "approved"]
    dice.shuffle(open_ones)
    newcomer = shop.add_customer("Chaos", f"Client {dice.getrandbits(24)}", email="chaos@example.com")
    for _ in range(3):
        shop.add_appointment(
            starts_at=now + timedelta(days=dice.randrange(1, 40), minutes=15 * dice.randrange(40)),
            service_id=dice.choice(truth.services).id,
            employee_id=dice.choice(truth.employees).id,
            customer_ids=[dice.choice((newcomer, dice.choice(truth.customers).id))],
        )
    shop.cancel(open_ones[0])
    shop.mark_no_show(open_ones[1])
    shop.reschedule(open_ones[2], now + timedelta(days=dice.randrange(1, 30)))
    shop.reschedule(open_ones[3], now - timedelta(days=dice.randrange(1, 30)))
    shop.rename_customer(dice.choice(truth.customers).id, "Renamed", f"Client {dice.getrandbits(24)}")
    shop.change_price(dice.choice(truth.services).id, Decimal(dice.randrange(1500, 9000)) / 100)
    if deleted and dice.random() < 0.3:
        shop.restore_appointment(deleted.pop())
    for appointment_id in open_ones[4:6]:
        shop.delete_appointment(appointment_id)
        deleted.append(appointment_id)
