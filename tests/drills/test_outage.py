"""O6: the booking system down for an hour, fifty shops that would be synced every minute. Time is injected."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
import psycopg
import pytest

from ingestion.control.circuits import FAILURES_TO_OPEN, CircuitOpen, note_failure, note_success, require_closed
from ingestion.control.database import connect
from ingestion.control.records import Integration
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import TrafftClient
from ingestion.trafft.errors import TrafftError
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.shop import Shop
from tests.ingestion.control.shops import connected
from tests.ingestion.fake_time import FakeTime

pytestmark = pytest.mark.sql

SHOPS = 50
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Outage:
    """Fifty shops that are tried every minute, unless their circuit is open."""

    connection: psycopg.Connection
    simulator: Simulator
    credentials: Credentials
    dice: Random = field(default_factory=lambda: Random(6))
    tried: dict[str, list[datetime]] = field(default_factory=dict)
    succeeded: dict[str, datetime] = field(default_factory=dict)

    def try_to_sync(self, shop: Integration, now: datetime) -> None:
        try:
            require_closed(self.connection, shop, now=now)
        except CircuitOpen:
            return
        self.tried.setdefault(shop.id, []).append(now)
        try:
            self.ask(shop)
        except TrafftError as error:
            note_failure(self.connection, shop, error, now=now, uniform=self.dice.uniform)
        else:
            note_success(self.connection, shop)
            self.succeeded.setdefault(shop.id, now)

    def ask(self, shop: Integration) -> None:
        transport = httpx.MockTransport(self.simulator)
        with TrafftClient(shop.base_url, self.credentials, transport=transport, timing=FakeTime().timing) as client:
            client.check()


@pytest.fixture
def outage(database_url: str) -> Iterator[Outage]:
    clock = Clock(frozen_at=START)
    account = Shop.generate(seed=1, clock=clock, appointments=5)
    credentials = Credentials(Secret(account.client_id), Secret(account.client_secret))
    with connect(database_url, autocommit=True) as connection:
        yield Outage(connection, Simulator([account], clock=clock), credentials)


def test_an_hour_without_trafft_costs_a_handful_of_requests_a_shop(outage: Outage) -> None:
    shops = [connected(outage.connection, f"Shop {number}") for number in range(SHOPS)]
    outage.simulator.fail_next("*", times=1_000_000, status=503)
    with pytest.raises(TrafftError):
        outage.ask(shops[0])
    requests_of_one = len(outage.simulator.requests)
    outage.simulator.requests.clear()

    back_at = START + timedelta(hours=1)
    for minute in range(60):
        for shop in shops:
            outage.try_to_sync(shop, START + minute * MINUTE)
    # Three to be sure, then one after each wait that fits: 5, 15 and 60 minutes, each drawn from its second half.
    most = FAILURES_TO_OPEN + 3
    assert all(FAILURES_TO_OPEN < len(moments) <= most for moments in outage.tried.values())
    fair_minimum = requests_of_one * sum(map(len, outage.tried.values()))
    assert len(outage.simulator.requests) <= 1.1 * fair_minimum
    assert len(outage.simulator.requests) <= SHOPS * most * requests_of_one
    assert all(moments[2] - moments[0] <= 2 * MINUTE for moments in outage.tried.values()), "open after three tries"

    outage.simulator.clear_faults()
    for minute in range(60):
        for shop in shops:
            outage.try_to_sync(shop, back_at + minute * MINUTE)
    assert outage.succeeded.keys() == {shop.id for shop in shops}, "each comes back by itself"
    at_once = max(list(outage.succeeded.values()).count(moment) for moment in outage.succeeded.values())
    assert at_once <= SHOPS / 5, "and not all of them in the same minute"
