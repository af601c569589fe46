"""S1 and S2: what an hourly run over a hundred shops costs in which nothing has happened."""

import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.booking import Booking
from bench.contenders.order import Outcome
from bench.errors import ContenderFailed
from bench.many_shops import KEYS, NO_LIMIT, Street, street
from bench.meter import Meter
from bench.results import Result, Run
from bench.rounds import Rounds
from cli.environment import child_environment
from cli.home import Home
from cli.preparation import prepared
from cli.progress import Progress
from cli.supervisor import Supervisor
from ingestion.control.shop_settings import FASTEST
from ingestion.secrets import Secret

SHOPS = 100
APPOINTMENTS = 200
HUNDRED, ONE = f"{SHOPS} shops", "1 shop"


@dataclass(frozen=True)
class Place:
    """An installation in which the shops were read once, and how to launch a run there."""

    street: Street
    environment: Mapping[str, str]
    log: Path

    def launch(self, integration_ids: Sequence[str]) -> Outcome:
        """Run an incremental sync as Dagster does, in a process of its own. Raises `ContenderFailed`."""
        shops = [part for key in integration_ids for part in ("--integration", key)]
        command = [sys.executable, "-P", "-W", "ignore", "-m", "pipelines.launch", "incremental_sync", *shops]
        begun: list[float] = []
        with Meter(self.street.rounds.server.pid) as meter, self.log.open("w") as log:
            process = subprocess.Popen(command, env=dict(self.environment), stdout=log, stderr=log)
            _at_first_request(self.street.booking, lambda: begun.append(_seconds_of(process.pid)))
            status = process.wait()
        if status != 0 or not begun:
            raise ContenderFailed("pipelines.launch", status, self.log.read_text())
        return Outcome(meter.cost, 0, {"CPU before the first request": begun[0]})


def _at_first_request(booking: Booking, action: Callable[[], None]) -> None:
    booking.on_first_request = action
    booking.stats()


def _seconds_of(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def quiet_shops(rounds: Rounds, only: Collection[str]) -> list[Result]:
    """Measure a run over a hundred quiet shops, and one over a single shop, in turn."""
    runs: list[Run] = []
    with street(rounds, shops=SHOPS, appointments=APPOINTMENTS, latency=0, requests_per_minute=FASTEST) as hundred:
        place = _settled(rounds, hundred)
        place.launch(hundred.integration_ids[:1])  # nobody pays for cold files
        for number in range(1, rounds.count + 1):
            for name, ids in ((HUNDRED, hundred.integration_ids), (ONE, hundred.integration_ids[:1])):
                runs.append(Run.of(name, place.launch(ids)))
                rounds.say(f"hourly run, round {number}: {name}, {runs[-1].client:.1f} CPU s")
    return [make(runs) for benchmark, make in _RESULTS.items() if benchmark in only]


def _settled(rounds: Rounds, hundred: Street) -> Place:
    """Prepare an installation and read all shops, so that afterwards nothing is new."""
    home = Home.at(rounds.folder / "home")
    environment = child_environment(home, hundred.url, Secret(KEYS), allow_loopback=True)
    environment["REQUESTS_PER_SECOND"] = str(NO_LIMIT)
    with (
        Supervisor(home) as supervisor,
        prepared(supervisor, home, hundred.url, environment=environment, progress=Progress()),
    ):
        hundred.sync(str(home.dlt))
    return Place(hundred, environment, home.log("launch"))


def _per_shop(runs: list[Run]) -> Result:
    pairs = zip(_client(runs, HUNDRED), _client(runs, ONE), strict=True)
    return Result("S1", (tuple((many - one) / (SHOPS - 1) for many, one in pairs),), tuple(runs))


def _fixed(runs: list[Run]) -> Result:
    kept = tuple(run for run in runs if run.contender == HUNDRED)
    return Result("S2", (tuple(float(run.details["CPU before the first request"]) for run in kept),), kept)


def _client(runs: list[Run], contender: str) -> list[float]:
    return [run.client for run in runs if run.contender == contender]


_RESULTS = {"S1": _per_shop, "S2": _fixed}
