"""E1 and E2: how fast shops are read, one within its rate and sixteen at once without one."""

import base64
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from psycopg.types.json import Jsonb

from bench.appointments import TIMEZONE
from bench.booking import Booking, Stats, booking, write_lists
from bench.contenders.order import Order, Outcome, ask
from bench.errors import BenchmarkFailed
from bench.results import Result, Run
from bench.rounds import Rounds
from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.migrations import migrate
from ingestion.control.shop_settings import FASTEST
from ingestion.control.vault import Vault
from ingestion.http.policy import Policy
from ingestion.secrets import Secret

KEYS = "bench:" + base64.b64encode(bytes(32)).decode()
LATENCY = 0.08
SHOPS = 16
NO_LIMIT = 10_000.0
APPOINTMENTS = {"E1": 20_000, "E2": 5_000}
"""About 230 pages for the shop that keeps a rate, so that what may go at once (10 requests) weighs little; 60 for each
of the sixteen."""
RIVALS_PAGES = 50


@dataclass(frozen=True)
class Street:
    """Connected shops, all at one booking system, in a database of their own."""

    rounds: Rounds
    url: str
    booking: Booking
    integration_ids: list[str]

    def sync(self, work_dir: str) -> tuple[Outcome, Stats]:
        """Sync them all whole in one run. Raises `BenchmarkFailed` unless each ended well."""
        errand = {"keys": KEYS, "integration_ids": self.integration_ids, "requests_per_second": NO_LIMIT}
        order = Order(self.url, self.rounds.server.pid, "", work_dir, errand=errand)
        self.booking.stats()
        outcome = ask("reading", order)
        if outcome.details["ended"] != {"success": len(self.integration_ids)}:
            raise BenchmarkFailed(f"Not every shop was read whole: {outcome.details['ended']}.")
        return outcome, self.booking.stats()


@contextmanager
def street(
    rounds: Rounds, *, shops: int, appointments: int, latency: float, requests_per_minute: float
) -> Iterator[Street]:
    """Connect new shops in a new database; all show the same lists."""
    shop = replace(rounds.shop, appointments=appointments, has_custom_fields=False)
    lists = write_lists(rounds.folder / f"lists_{appointments}", shop)
    with rounds.server.database("bench_street") as url, booking(lists, latency=latency) as running:
        migrate(url)
        yield Street(rounds, url, running, connected(url, running.url, shops, requests_per_minute))


def connected(url: str, base_url: str, shops: int, requests_per_minute: float) -> list[str]:
    """Connect so many shops and return their integrations' ids."""
    vault, settings = Vault.from_ring(Secret(KEYS)), Jsonb({"requestsPerMinute": requests_per_minute})
    with connect(url) as connection:
        made = [
            connect_shop(
                connection,
                vault,
                name=f"Shop {number}",
                base_url=base_url,
                client_id=Secret(f"client-{number}"),
                client_secret=Secret("bench"),
                timezone=TIMEZONE,
                currency="USD",
            )
            for number in range(shops)
        ]
        connection.execute("update control.integrations set sync_settings = sync_settings || %s", (settings,))
    return [integration.id for integration in made]


def many_shops(rounds: Rounds, only: Collection[str]) -> list[Result]:
    """Measure those of E1 and E2 that are wanted."""
    makers = {"E1": _one_within_its_rate, "E2": _sixteen_at_once}
    return [make(rounds) for name, make in makers.items() if name in only]


def _one_within_its_rate(rounds: Rounds) -> Result:
    policy = Policy()
    runs, shares = [], []
    for number in range(1, rounds.count + 1):
        with street(
            rounds,
            shops=1,
            appointments=APPOINTMENTS["E1"],
            latency=LATENCY,
            requests_per_minute=policy.requests_per_minute,
        ) as one:
            outcome, stats = one.sync(str(rounds.folder / f"rate_{number}"))
        allowed = policy.burst + stats.seconds * policy.requests_per_minute / 60
        shares.append(100 * stats.requests / allowed)
        runs.append(_run("product", outcome, stats))
        rounds.say(f"one shop within its rate, round {number}: {shares[-1]:.1f} % of what is allowed")
    return Result("E1", (tuple(shares),), tuple(runs))


def _sixteen_at_once(rounds: Rounds) -> Result:
    runs, ratios = [], []
    for number in range(1, rounds.count + 1):
        with street(
            rounds, shops=SHOPS, appointments=APPOINTMENTS["E2"], latency=LATENCY, requests_per_minute=FASTEST
        ) as sixteen:
            outcome, stats = sixteen.sync(str(rounds.folder / f"sixteen_{number}"))
            runs.append(_run(f"{SHOPS} shops", outcome, stats))
            rival = _sequential(sixteen)
        runs.append(rival)
        ratios.append(float(runs[-2].details["pages/s"]) / float(rival.details["pages/s"]))
        rounds.say(f"{SHOPS} shops at once, round {number}: {ratios[-1]:.1f} times as many pages")
    return Result("E2", (tuple(ratios),), tuple(runs))


def _sequential(street: Street) -> Run:
    errand = {"base_url": street.booking.url, "pages": RIVALS_PAGES}
    street.booking.stats()
    outcome = ask("rest_client", Order(street.url, street.rounds.server.pid, "", "", errand=errand))
    return _run("rest_client", outcome, street.booking.stats())


def _run(contender: str, outcome: Outcome, stats: Stats) -> Run:
    rate = (stats.requests - 1) / stats.seconds
    details = {**outcome.details, "requests": stats.requests, "reading": stats.seconds, "pages/s": rate}
    return Run.of(contender, replace(outcome, details=details))
