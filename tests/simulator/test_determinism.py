"""Another process, whatever its hash seed, tells the same story."""

import subprocess
import sys

import pytest

SCRIPT = """
import hashlib
from datetime import UTC, datetime
from simulator.clock import Clock
from simulator.family import demo_shops
digest = hashlib.sha256()
for shop in demo_shops(3, seed=5, clock=Clock(frozen_at=datetime(2026, 1, 15, 9, tzinfo=UTC)), appointments=150):
    digest.update(repr((shop.truth(), shop.client_id, shop.client_secret, shop.name)).encode())
print(digest.hexdigest())
"""


@pytest.mark.parametrize("flags", [["-R"], []])
def test_another_process_tells_the_same_story(flags: list[str]) -> None:
    here: dict[str, object] = {}
    exec(SCRIPT.replace("print(", "answer = ("), here)  # noqa: S102 - the same lines, in this process
    other = subprocess.run([sys.executable, *flags, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == here["answer"]
