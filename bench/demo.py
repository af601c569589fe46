"""D1: how long a newcomer waits, from the start of `sixfb demo --once` in an empty home to its summary."""

import subprocess
import sys
import time
from pathlib import Path

from bench.contenders.order import Outcome
from bench.errors import BenchmarkFailed, ContenderFailed
from bench.meter import Meter
from bench.results import Result, Run
from bench.rounds import Rounds


def demo(rounds: Rounds) -> Result:
    """Start the demo in a fresh home, `rounds.count` times. Raises `ContenderFailed`."""
    runs: list[Run] = []
    for number in range(1, rounds.count + 1):
        runs.append(Run.of("demo", _once(rounds, rounds.folder / f"demo_{number}")))
        rounds.say(f"demo, round {number}: {runs[-1].details['summary']:.1f} s to its summary")
    return Result("D1", (tuple(run.details["summary"] for run in runs),), tuple(runs))


def _once(rounds: Rounds, home: Path) -> Outcome:
    program = Path(sys.executable).with_name("sixfb")
    if not program.exists():
        raise BenchmarkFailed(f"{program} is missing: run `make setup`, or leave D1 out with --only L1,L2,L4,L5.")
    home.mkdir()
    with Meter(rounds.server.pid) as meter, (home / "stderr").open("w+") as stderr:
        started = time.perf_counter()
        # `env` sets what only the demo is to know.
        arguments = ["env", f"SIXFB_HOME={home}", "DATABASE_URL=", str(program), "demo", "--once", "--json"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
            assert process.stdout is not None  # noqa: S101 -- it is a pipe
            summary = process.stdout.readline()
            seconds = time.perf_counter() - started
            process.stdout.read()
        stderr.seek(0)
        if process.returncode != 0 or not summary:
            raise ContenderFailed("sixfb demo", process.returncode, stderr.read())
    return Outcome(meter.cost, peak_rss=0, details={"summary": seconds})
