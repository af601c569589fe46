"""Plays the day: strikes the clock, lets the shops live, and compares each healthy shop with its truth as it is synced.

`python -m cli.day.play --shops 200 --seed 7 --hours 24` runs in an environment made by `sixfb day`, and prints one JSON
document.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from dagster import DagsterInstance
from psycopg import Connection

from cli.chaos.findings import Findings
from cli.chaos.mart_comparison import compare_marts
from cli.chaos.raw_comparison import compare_raw
from cli.chaos.shops import Connected
from cli.day.cast import Cast, Member, connect_all, live, make_shops
from cli.day.clockwork import TICK, Clockwork, DayRun, ShopSync
from ingestion.control.database import connect
from ingestion.settings import get_settings
from simulator.serving import running

_EDITED_A_TICK = 0.02
"""Share of the shops in which something happens between two ticks: each is edited some six times a day."""


@dataclass
class Record:
    """What the day has shown so far."""

    runs: Counter[str] = field(default_factory=Counter)
    syncs: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    compared: int = 0
    findings: Findings = field(default_factory=Findings)
    neighbours_hurt: list[str] = field(default_factory=list)
    """Healthy shops whose sync did not succeed, or that a run left out."""
    errors: dict[str, Counter[str]] = field(default_factory=dict)
    """Faulty shop → what its operations showed, and how often."""
    mart_builds: int = 0
    failed_builds: int = 0


class Day:
    """One day of one cast."""

    def __init__(self, url: str, cast: Cast, clockwork: Clockwork, *, seed: int, say: Callable[[str], None]) -> None:
        self.record = Record()
        self._url = url
        self._cast = cast
        self._clockwork = clockwork
        self._dice = Random(f"{seed}:day")  # noqa: S311 -- a story, not a secret
        self._say = say

    def play(self, begins_at: datetime, hours: float, *, marts_every: timedelta) -> None:
        """Strike every tick from `begins_at` (aware) on, then let time stand, sync what is left and judge the marts."""
        tick, ends_at = begins_at, begins_at + timedelta(hours=hours)
        built_for = begins_at
        while tick < ends_at:
            for run in self._clockwork.strike(tick):
                self._take(run)
            slot = self._clockwork.analytics_slot(tick)
            if slot is not None and slot - built_for >= marts_every:
                built_for = slot
                self._build()
            tick += TICK
            self._live(tick)
        healthy = [member.integration_id for member in self._cast.healthy]
        self._take(self._clockwork.sync_all(healthy, tick))
        self._build()
        with connect(self._url) as connection:
            members = [_as_connected(member) for member in self._cast.healthy]
            self.record.findings.add(compare_marts(connection, members))

    def _live(self, tick: datetime) -> None:
        clock = self._cast.simulator.clock
        clock.advance(tick - clock.now())
        for member in self._cast.healthy:
            if self._dice.random() < _EDITED_A_TICK:
                live(member, self._dice)

    def _build(self) -> None:
        self.record.mart_builds += 1
        self.record.failed_builds += not self._clockwork.build_marts()

    def _take(self, run: DayRun) -> None:
        self.record.runs[run.cadence] += 1
        synced = {sync.integration_id: sync for sync in run.syncs}
        with connect(self._url) as connection:
            for key in run.asked_for:
                self._judge(connection, run, self._cast.members[key], synced.get(key))
        self._say(
            f"{run.tick:%H:%M} UTC  {run.cadence:<12} {len(run.asked_for):>3} shops  "
            f"{dict(Counter(sync.status for sync in run.syncs))}  {self.record.findings}"
        )

    def _judge(self, connection: Connection, run: DayRun, member: Member, sync: ShopSync | None) -> None:
        if sync is not None:
            self.record.syncs[f"{run.cadence} {sync.status}"] += 1
            self.record.requests += int(sync.summary.get("requests", 0))
        if member.fault is not None:
            if sync is not None:
                shown = self.record.errors.setdefault(member.fault.what, Counter())
                shown.update(_shown(sync))
            return
        if sync is None or sync.status != "success":
            self.record.neighbours_hurt.append(f"{member.shop.name} at {run.tick:%H:%M}: {sync}")
        elif run.cadence != "customers":
            self.record.compared += 1
            self.record.findings.add(compare_raw(connection, _as_connected(member)))


def _shown(sync: ShopSync) -> list[str]:
    """Return the error classes of a failed sync, or the notes of one that succeeded in part."""
    if sync.errors:
        return [str(error.get("error")) for error in sync.errors]
    resources = sync.summary.get("resources", {})
    return ["not read whole" for counts in resources.values() if not counts.get("complete", True)] or [sync.status]


def _as_connected(member: Member) -> Connected:
    return Connected(member.shop, member.integration_id, member.integration_id)


def document(record: Record, cast: Cast, *, hours: float, seconds: float) -> dict[str, Any]:
    """Return what `sixfb day --json` prints; `ok` says whether everything is as it must be."""
    silent = [
        member.fault.what
        for member in cast.faulty
        if member.fault is not None and not record.errors.get(member.fault.what, Counter())[member.fault.shows]
    ]
    is_ok = not (record.neighbours_hurt or silent or record.failed_builds) and record.findings.is_clean
    return {
        "ok": is_ok,
        "shops": len(cast.members),
        "faulty": len(cast.faulty),
        "hours": hours,
        "runs": dict(record.runs),
        "syncs": dict(record.syncs),
        "requests": record.requests,
        "comparisons": record.compared,
        "findings": {**record.findings.bad, "examples": record.findings.examples},
        "neighboursHurt": record.neighbours_hurt,
        "errorsShown": {what: dict(shown) for what, shown in record.errors.items()},
        "faultsNotShown": silent,
        "martBuilds": record.mart_builds,
        "failedBuilds": record.failed_builds,
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Play a day and print what it showed; return 0 when everything was as it must be."""
    parser = ArgumentParser(prog="python -m cli.day.play", description=__doc__)
    parser.add_argument("--shops", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--marts-every", type=float, required=True, help="hours")
    options = parser.parse_args()
    settings = get_settings()
    url, keys = settings.database_url, settings.encryption_key
    if url is None or keys is None:
        parser.error("DATABASE_URL and ENCRYPTION_KEY must be set; `sixfb day` sets them.")
    started = time.monotonic()
    # The day ends before now: what the database and the client stamp with the wall's time is then never the past's.
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    begins_at = now - timedelta(hours=int(options.hours) + 1)
    simulator, shops = make_shops(options.shops, options.seed, begins_at=begins_at)
    with (
        redirect_stdout(sys.stderr),
        running(simulator) as base_url,
        DagsterInstance.get() as instance,
    ):
        cast = connect_all(url.reveal(), keys, base_url, simulator, shops)
        clockwork = Clockwork(url.reveal(), instance)
        day = Day(url.reveal(), cast, clockwork, seed=options.seed, say=lambda line: print(line, file=sys.stderr))
        day.play(begins_at, options.hours, marts_every=timedelta(hours=options.marts_every))
    result = document(day.record, cast, hours=options.hours, seconds=time.monotonic() - started)
    sys.stdout.write(json.dumps(result, default=str) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
