"""The shops of a simulated day: most are healthy, five are faulty, each in a way of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from simulator.clock import Clock
from simulator.family import GENTLY_AWKWARD
from simulator.modes import Modes
from simulator.places import PLACES
from simulator.server import Simulator
from simulator.shop import Shop

_STORY = timedelta(days=120)
_APPOINTMENTS = 90
_ALWAYS = 1_000_000
"""Requests for which a fault lasts: longer than the day."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a shop all day, and the error that its owner must be shown."""

    what: str
    shows: str
    """The error's class, or words of the operation's notes for a sync that ends in part."""
    modes: Modes = Modes()  # noqa: RUF009 -- frozen
    wrong_secret: bool = False
    spoil: Callable[[Simulator, Shop], None] = lambda simulator, shop: None


FAULTS: Sequence[Fault] = (
    Fault("the secret is wrong", "AuthenticationFailed", wrong_secret=True),
    Fault("the plan has no API", "FeatureNotEnabled", modes=Modes(plan="without_api")),
    Fault(
        "every list answers 503",
        "ServerError",
        spoil=lambda simulator, shop: simulator.fail_next("*", times=_ALWAYS, status=503, client_id=shop.client_id),
    ),
    Fault(
        "the web application answers instead of the API",
        "UnexpectedResponse",
        spoil=lambda simulator, shop: simulator.fail_next("*", times=_ALWAYS, html=True, client_id=shop.client_id),
    ),
    Fault("the totals are wrong", "not read whole", modes=Modes(total="wrong")),
)


@dataclass(frozen=True)
class Member:
    """A simulated shop, the integration that reads it, and its fault, None for a healthy one."""

    shop: Shop
    integration_id: str
    fault: Fault | None


@dataclass(frozen=True)
class Cast:
    """Everybody, behind one simulator."""

    simulator: Simulator
    members: Mapping[str, Member]
    """Integration id → member."""

    @property
    def healthy(self) -> list[Member]:
        """The members without a fault."""
        return [member for member in self.members.values() if member.fault is None]

    @property
    def faulty(self) -> list[Member]:
        """The members with one."""
        return [member for member in self.members.values() if member.fault is not None]


def make_shops(count: int, seed: int, *, begins_at: datetime) -> tuple[Simulator, list[tuple[Shop, Fault | None]]]:
    """Return `count` small shops in the simulator's ten zones, the last five faulty, as they are at `begins_at`."""
    clock = Clock(frozen_at=begins_at)
    shops = []
    for number in range(1, count + 1):
        place = PLACES[(number - 1) % len(PLACES)]
        position = number - 1 - (count - len(FAULTS))
        fault = FAULTS[position] if position >= 0 else None
        modes = GENTLY_AWKWARD if number % 3 == 0 else Modes()
        shop = Shop.generate(
            seed=seed,
            number=number,
            clock=clock,
            appointments=_APPOINTMENTS,
            opening=(begins_at - _STORY).date(),
            until=begins_at.date(),
            timezone=place.timezone,
            modes=modes if fault is None else fault.modes,
        )
        shops.append((shop, fault))
    return Simulator([shop for shop, _ in shops], clock=clock), shops


def connect_all(
    url: str, keys: Secret, base_url: str, simulator: Simulator, shops: Sequence[tuple[Shop, Fault | None]]
) -> Cast:
    """Connect everybody, as if long ago, and let the faults begin."""
    vault = Vault.from_ring(keys)
    members = {}
    with connect(url) as connection:
        for number, (shop, fault) in enumerate(shops, 1):
            secret = "wrong" if fault is not None and fault.wrong_secret else shop.client_secret
            integration = connect_shop(
                connection,
                vault,
                name=f"{shop.name} {number}",
                base_url=base_url,
                client_id=Secret(shop.client_id),
                client_secret=Secret(secret),
                timezone=shop.timezone,
                currency=shop.currency,
            )
            members[integration.id] = Member(shop, integration.id, fault)
            if fault is not None:
                fault.spoil(simulator, shop)
        # A shop is due for no slot from before it was connected; the day lies in the database's past.
        connection.execute("update control.integrations set authenticated_at = authenticated_at - interval '30 days'")
    return Cast(simulator, members)


def live(member: Member, dice: Random) -> None:
    """Let something happen in a shop that its next sync must notice."""
    shop = member.shop
    now, truth = shop.clock.now(), shop.truth()
    booked = [one.id for one in truth.appointments if one.status == "approved"]
    dice.shuffle(booked)
    newcomer = shop.add_customer("Nia", f"Okafor {dice.getrandbits(20)}", email="nia.okafor@example.com")
    shop.add_appointment(
        starts_at=now + timedelta(days=dice.randrange(1, 30)),
        service_id=dice.choice(truth.services).id,
        employee_id=dice.choice(truth.employees).id,
        customer_ids=[newcomer],
    )
    changes = (
        lambda: shop.cancel(booked[0]),
        lambda: shop.mark_no_show(booked[0]),
        lambda: shop.reschedule(booked[0], now + timedelta(days=dice.randrange(1, 20))),
        lambda: shop.reschedule(booked[0], now - timedelta(days=dice.randrange(1, 20))),
        lambda: shop.change_price(dice.choice(truth.services).id, Decimal(dice.randrange(20, 90))),
    )
    if booked:
        dice.choice(changes)()
