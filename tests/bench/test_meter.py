"""The meter: whose CPU counts as whose."""

import os
import subprocess
import sys

from bench.meter import Meter, peak_rss

BURN = "import time\nwhile time.process_time() < 0.3: pass"
SERVER = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
print(flush=True)
input()
"""


def test_a_child_counts_as_the_client_and_not_as_others() -> None:
    with Meter(os.getpid()) as meter:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert meter.cost.client >= 0.3
    assert meter.cost.wall >= 0.3
    assert meter.cost.others >= 0


def test_the_servers_processes_count_as_the_server() -> None:
    arguments = [sys.executable, "-c", SERVER, BURN]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with Meter(process.pid) as meter:
            process.stdout.readline()
        process.communicate(b"\n")
    assert meter.cost.server >= 0.3
    assert meter.cost.client < meter.cost.server


def test_the_peak_is_never_below_what_is_held_now() -> None:
    before = peak_rss()
    held = bytes(bytearray(os.urandom(1)) * 50_000_000)
    assert peak_rss() >= before
    assert peak_rss() > len(held)
