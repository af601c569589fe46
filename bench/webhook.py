"""W3: from a stored webhook to the marts, in a running `sixfb up` on a home of its own, a simulated shop behind it."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from bench.contenders.order import Outcome
from bench.errors import BenchmarkFailed
from bench.meter import Meter
from bench.results import Result, Run
from cli.environment import inherited
from cli.home import Home
from cli.installation import Installation
from cli.ports import free_port
from cli.programs import program
from ingestion.control import webhook_events
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.settings import Settings
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from simulator.webhooks import Postman

PATIENCE = 180.0
"""Seconds until an event counts as lost: nine times what W3 allows."""
SECONDS_BETWEEN_LOOKS = 0.1

_SHOWN = "select exists (select from analytics.external_appointments where integration_id = %s and appointment_id = %s)"
_COUNTED = (
    "select coalesce(max(external_appointments), 0) from analytics.integration_analytics"
    " where integration_id = %s and period_type = 'daily' and date = %s"
)


@dataclass(frozen=True)
class Latency:
    """Seconds from one stored event to its appointment in the mart, and to its day's figures."""

    shown: float
    counted: float


@dataclass(frozen=True)
class Stage:
    """A connected shop in a running installation."""

    connection: Connection
    shop: Shop
    integration_id: str
    say: Any


def webhook(folder: Path, *, events: int, appointments: int, seed: int, say: Any) -> Result:
    """Store `events` events one after the other, each when the one before is in the marts. Raises `BenchmarkFailed`."""
    shop = Shop.generate(seed=seed, clock=Clock(), appointments=appointments, timezone="America/New_York")
    with running(Simulator([shop], clock=shop.clock)) as base_url, _up(folder, base_url) as environment:
        integration_id = _connect(environment, shop, base_url)
        installation = Installation(Settings(sixfb_home=folder, database_url=None), Home.at(folder))
        with installation.database() as database, connect(database.url, autocommit=True) as connection:
            stage = Stage(connection, shop, integration_id, say)
            _wait(stage, "select to_regclass('analytics.integration_analytics') is not null", (), expected=True)
            with Meter(os.getpid()) as meter:
                latencies = [_once(stage, number, random.Random(seed + number)) for number in range(events)]  # noqa: S311
    run = Run.of("webhook", Outcome(meter.cost, peak_rss=0, details=figures(latencies)))
    names = ("shown p50", "shown p95", "counted p50", "counted p95")
    return Result("W3", tuple((run.details[name],) for name in names), (run,))


def _once(stage: Stage, number: int, chance: random.Random) -> Latency:
    """Book, store the event as a receiver would, and wait until both marts have it."""
    time.sleep(chance.uniform(0, 5))  # so that no event meets the daemon's loop at the same point
    connection, shop = stage.connection, stage.shop
    starts_at = shop.clock.now().replace(second=0, microsecond=0) + timedelta(hours=1 + number)
    day = starts_at.astimezone(ZoneInfo(shop.timezone)).date()
    before = _counted(stage, day)
    booked = shop.add_appointment(starts_at=starts_at)
    [delivery] = Postman(shop).booked(booked)
    integration = get_integration(connection, stage.integration_id)
    webhook_events.store(connection, integration, delivery.event, delivery.fields)
    stored = time.monotonic()
    _wait(stage, _SHOWN, (stage.integration_id, booked), expected=True)
    shown = time.monotonic() - stored
    while _counted(stage, day) <= before:
        _be_patient(stored)
    latency = Latency(shown, time.monotonic() - stored)
    stage.say(f"event {number + 1}: shown after {latency.shown:.1f} s, counted after {latency.counted:.1f} s")
    return latency


def _counted(stage: Stage, day: Any) -> int:
    return int(stage.connection.execute(_COUNTED, (stage.integration_id, day)).fetchall()[0][0])


def _wait(stage: Stage, query: str, parameters: Sequence[Any], *, expected: object) -> None:
    began = time.monotonic()
    while stage.connection.execute(query.encode(), parameters).fetchall()[0][0] != expected:
        _be_patient(began)


def _be_patient(since: float) -> None:
    if time.monotonic() - since > PATIENCE:
        raise BenchmarkFailed(f"After {PATIENCE:.0f} s the marts do not show what was stored: look at the home's logs.")
    time.sleep(SECONDS_BETWEEN_LOOKS)


def figures(latencies: Sequence[Latency]) -> dict[str, float]:
    """Return in how many seconds half of the events were shown and counted, and 95 % of them; two at least."""
    details: dict[str, float] = {}
    for name in ("shown", "counted"):
        seconds = [getattr(each, name) for each in latencies]
        cuts = quantiles(seconds, n=20, method="inclusive")
        details |= {f"{name} p50": round(cuts[9], 2), f"{name} p95": round(cuts[18], 2)}
        details[f"{name} max"] = round(max(seconds), 2)
    return details | {"events": float(len(latencies))}


@contextmanager
def _up(folder: Path, base_url: str) -> Iterator[dict[str, str]]:
    """Run `sixfb up` on a home of its own until the block ends, and give the environment of its commands."""
    environment = {**inherited(), "SIXFB_HOME": str(folder), "DATABASE_URL": "", "ALLOW_LOOPBACK": "true"}
    command = program("sixfb", "up", "--port", str(free_port(13_500)))
    with subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None  # noqa: S101 -- it is a pipe
            if not any(line.startswith("Ready: ") for line in process.stderr):
                raise BenchmarkFailed("sixfb up did not come up; run it by hand on an empty SIXFB_HOME to see why.")
            yield environment
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def _connect(environment: Mapping[str, str], shop: Shop, base_url: str) -> str:
    """Connect the shop and read it whole, as its owner would."""
    named = ("--name", shop.name, "--base-url", base_url, "--timezone", shop.timezone, "--currency", shop.currency)
    secrets = {"SIXFB_CLIENT_ID": shop.client_id, "SIXFB_CLIENT_SECRET": shop.client_secret}
    connected = _command({**environment, **secrets}, "shop", "connect", *named)
    _command(environment, "sync", connected["integrationId"], "--type", "full", "--wait")
    return str(connected["integrationId"])


def _command(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    answer = subprocess.run(program("sixfb", *arguments), env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BenchmarkFailed(f"sixfb {' '.join(arguments)} failed:\n{answer.stderr}")
    document: dict[str, Any] = json.loads(answer.stdout)
    return document
