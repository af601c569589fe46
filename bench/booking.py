"""Starts the booking system of the sync benchmarks, and writes the lists that it shows."""

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from bench.appointments import Shop
from bench.booking_server import Settings
from simulator.clock import Clock
from simulator.server import Request, Simulator
from simulator.shop import Shop as SimulatedShop

_CHECKOUT = Path(__file__).resolve().parents[1]
_SMALL_LISTS = ("services", "employees", "locations", "customers")


@dataclass(frozen=True)
class Stats:
    """What the booking system was asked since it was last asked for this; seconds between first and last request."""

    requests: int
    seconds: float


@dataclass
class Booking:
    """A running booking system. `on_first_request` is called, from another thread, at the first after each `stats`."""

    url: str
    on_first_request: Callable[[], None] = lambda: None

    def stats(self) -> Stats:
        """Return the count, and begin anew."""
        with urllib.request.urlopen(f"{self.url}/bench/stats", timeout=30) as answer:  # noqa: S310 -- our own loopback
            given = json.load(answer)
        return Stats(given["requests"], given["last_at"] - (given["first_at"] or given["last_at"]))


@contextmanager
def booking(lists: Path, *, latency: float) -> Iterator[Booking]:
    """Run it while the block runs."""
    settings = json.dumps(asdict(Settings(str(lists), latency)))
    arguments = [sys.executable, "-m", "bench.booking_server", settings]
    with subprocess.Popen(arguments, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        running = Booking(f"http://127.0.0.1:{int(process.stdout.readline())}")

        def listen() -> None:
            for _ in process.stdout or ():
                running.on_first_request()

        threading.Thread(target=listen, daemon=True).start()
        try:
            yield running
        finally:
            process.kill()


def write_lists(folder: Path, shop: Shop) -> Path:
    """Write a shop's appointments, and small lists that belong to a small shop, unless that has been done."""
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        unfinished.mkdir()
        (unfinished / "appointments.jsonl").write_bytes(b"".join(record + b"\n" for record in shop.records()))
        for name, records in _small_lists(shop.seed).items():
            (unfinished / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        unfinished.rename(folder)
    return folder


def _small_lists(seed: int) -> dict[str, list[object]]:
    clock = Clock(frozen_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    shop = SimulatedShop.generate(seed=seed, clock=clock, appointments=60)
    simulator = Simulator([shop], clock=clock)
    form = {"grant_type": "client_credentials", "client_id": shop.client_id, "client_secret": shop.client_secret}
    granted = simulator.answer(Request("POST", "/api/v2/token", body=urlencode(form).encode()))
    headers = {"authorization": f"Bearer {json.loads(granted.body)[shop.modes.token_key]}"}
    return {
        name: json.loads(simulator.answer(Request("GET", f"/api/v2/{name}", "page=1&limit=100", headers)).body)["data"]
        for name in _SMALL_LISTS
    }
