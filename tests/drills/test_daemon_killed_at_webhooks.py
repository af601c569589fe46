"""O2: the daemon killed at each point of its way from waiting webhooks to a run; all are handled, once."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.chaos.arena import Arena
from cli.environment import child_environment
from cli.preparation import prepared
from cli.progress import Progress
from cli.supervisor import Supervisor
from ingestion.control import webhook_events
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhooks import Postman
from tests.drills.daemon_tick import SENSOR
from tests.ingestion.syncing import KEY_RING, connect_simulated

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("drills"), pytest.mark.timeout(600)]

POINTS = ("TICK_CREATED", "TICK_HELD", "RUN_IDS_RESERVED", "RUN_CREATED", "RUN_LAUNCHED")
WAITING = 8


@dataclass(frozen=True)
class Place:
    """An installation that is prepared for Dagster, without any process of it running."""

    arena: Arena
    environment: dict[str, str]

    def tick(self, point: str) -> int:
        """Run one round of the daemon's sensors, and return how its process ended."""
        command = [sys.executable, "-P", "-m", "tests.drills.daemon_tick", point]
        # From the checkout, because the tests are no part of the distribution.
        folder = Path(__file__).parents[2]
        return subprocess.run(
            command, env={**self.environment, "PYTHONPATH": str(folder)}, cwd=folder, capture_output=True
        ).returncode

    def handle(self, integration_id: str) -> None:
        """Do what the queued run would do."""
        command = [sys.executable, "-P", "-m", "pipelines.launch", "webhook_sync", "--integration", integration_id]
        answer = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr[-3000:]
        assert json.loads(answer.stdout.splitlines()[-1])["status"] == "SUCCESS"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.arena.url) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Arena(tmp_path / "home") as arena, Supervisor(arena.home) as supervisor:
        environment = child_environment(arena.home, arena.url, KEY_RING, allow_loopback=True)
        with prepared(supervisor, arena.home, arena.url, environment=environment, progress=Progress()):
            pass
        yield Place(arena, environment)


@pytest.mark.parametrize("point", POINTS)
def test_a_daemon_that_dies_on_its_way_to_a_run_loses_no_webhook(
    point: str, place: Place, shop: Shop, clock: Clock, simulator_url: str, request: pytest.FixtureRequest
) -> None:
    if not request.config.getoption("--all-drills"):
        pytest.skip("only with --all-drills")
    url = place.arena.url
    connected = connect_simulated(shop, simulator_url, url, place.arena.home.dlt)
    connected.sync("full")
    clock.advance(timedelta(minutes=1))
    postman = Postman(shop)
    with connect(url) as connection:
        integration = get_integration(connection, connected.integration_id)
        for _ in range(WAITING):
            for each in postman.booked(shop.add_appointment(starts_at=clock.now() + timedelta(days=3))):
                webhook_events.store(connection, integration, each.event, each.fields)

    assert place.tick(point) == -signal.SIGKILL
    assert place.tick("none") == 0
    assert place.tick("none") == 0
    runs = "select count(*) from dagster.runs where pipeline_name = 'webhook_sync' and status = 'QUEUED'"
    assert place.ask(runs) == [(1,)], f"{SENSOR} asks for one run, and for no second while that one waits"

    place.handle(connected.integration_id)
    settled = "select outcome, count(*)::integer from control.webhook_events group by outcome"
    assert place.ask(settled) == [("applied", WAITING)]
    rows = "select origin, count(*)::integer from raw_trafft.appointments group by origin order by origin"
    before = place.ask(rows)
    place.handle(connected.integration_id)
    assert place.ask(rows) == before, "the run that was queued for it finds nothing more to do"
