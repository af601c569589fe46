"""A simulated account with a client for it: what the tests of client, auth and scan share."""

from dataclasses import dataclass
from datetime import timedelta

import httpx

from ingestion.http.policy import Policy
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import TrafftClient
from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import SeenRequest, Simulator
from simulator.shop import Shop
from tests.ingestion.fake_time import START, FakeTime

BASE_URL = "https://elitecuts.admin.trafft.com"
UNHURRIED = Policy(requests_per_minute=1e9, burst=1_000)
"""So that waiting for the rate limit does not move the shop's clock."""


class SharedTime(FakeTime):
    """The client's time and the shop's are one."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def pass_by(self, seconds: float) -> None:
        super().pass_by(seconds)
        self._clock.advance(timedelta(seconds=seconds))


@dataclass(frozen=True)
class Account:
    """A shop as Trafft shows it, and the one client that reads it."""

    shop: Shop
    simulator: Simulator
    client: TrafftClient
    time: SharedTime

    def asked(self, resource: str) -> list[SeenRequest]:
        """Return the requests that Trafft has seen for this resource."""
        return [seen for seen in self.simulator.requests if f"/{resource}" in seen.path]


def credentials_of(shop: Shop) -> Credentials:
    return Credentials(Secret(shop.client_id), Secret(shop.client_secret))


def open_account(
    modes: Modes | None = None,
    *,
    appointments: int = 300,
    policy: Policy = UNHURRIED,
    credentials: Credentials | None = None,
) -> Account:
    clock = Clock(frozen_at=START)
    shop = Shop.generate(seed=7, clock=clock, appointments=appointments, modes=modes)
    simulator = Simulator([shop], clock=clock)
    time = SharedTime(clock)
    client = TrafftClient(
        BASE_URL,
        credentials or credentials_of(shop),
        policy=policy,
        transport=httpx.MockTransport(simulator),
        timing=time.timing,
    )
    return Account(shop, simulator, client, time)
