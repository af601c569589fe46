"""What a contender is asked to do and what it answers, and how to ask."""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import ContenderFailed
from bench.meter import Cost

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Order:
    """Load these records into this database. `warm_up_url` names a database to load a hundred of them into first.

    `errand` is what a contender must know besides.
    """

    url: str
    server_pid: int
    records: str
    work_dir: str
    in_memory: bool = False
    warm_up_url: str | None = None
    errand: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What it cost, the most memory it held, and what it says of itself (seconds per phase, records counted)."""

    cost: Cost
    peak_rss: int
    details: dict[str, Any] = field(default_factory=dict)


def ask(contender: str, order: Order) -> Outcome:
    """Run `python -m bench.contenders.<contender>` and return its outcome. Raises `ContenderFailed`."""
    arguments = [sys.executable, "-W", "ignore", "-m", f"bench.contenders.{contender}"]
    done = subprocess.run(
        arguments, input=json.dumps(asdict(order)), capture_output=True, text=True, check=False, cwd=_CHECKOUT
    )
    if done.returncode != 0:
        raise ContenderFailed(contender, done.returncode, done.stderr)
    answer = json.loads(done.stdout.splitlines()[-1])
    return Outcome(Cost(**answer["cost"]), answer["peak_rss"], answer["details"])
