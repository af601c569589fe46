"""Small programs that tests of the supervisor run, and ways to see what became of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from cli.processes import alive

SLEEPER = "import time; time.sleep(120)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(120)"
)
# A child with a child of its own that leaves the process group and the session, as Dagster's run workers may.
FAMILY = f"""
import subprocess, sys, time
own = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], start_new_session=True)
print(own.pid, flush=True)
time.sleep(120)
"""
SUPERVISOR = """
import json, os, sys, time
from pathlib import Path
from cli.environment import inherited
from cli.home import Home
from cli.signals import stopping_in_order
from cli.supervisor import Supervisor

home = Home.at(Path(sys.argv[1]))
with stopping_in_order(), Supervisor(home) as supervisor:
    for name, program in json.loads(sys.argv[2]).items():
        supervisor.start(name, [sys.executable, '-c', program], environment=inherited(), grace=3)
    print(json.dumps({"marker": supervisor.marker, **supervisor.services()}), flush=True)
    supervisor.watch()
"""


def python(program: str) -> list[str]:
    """Return the command that runs `program`."""
    return [sys.executable, "-c", program]


def start_supervisor(home: Path, programs: dict[str, str]) -> tuple[subprocess.Popen[str], dict[str, int | str]]:
    """Start a process that supervises `programs`; return it and the process ids it reports."""
    parent = subprocess.Popen(
        [*python(SUPERVISOR), str(home), json.dumps(programs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, json.loads(parent.stdout.readline())


def lives(pid: int) -> bool:
    """Tell whether the process runs (a zombie does not)."""
    return psutil.pid_exists(pid) and alive(psutil.Process(pid))


def eventually(true: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Wait until `true()`; return whether it came to that."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
