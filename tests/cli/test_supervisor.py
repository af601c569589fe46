"""The supervisor with real processes: order, notice of a death, and no orphans even after SIGKILL."""

import json
import os
import signal
import subprocess
import time

import pytest

from cli.environment import inherited
from cli.errors import ServiceFailed
from cli.home import Home
from cli.processes import MARKER, marked
from cli.supervisor import Supervisor
from tests.cli.processes_of import FAMILY, SLEEPER, STUBBORN, eventually, lives, python, start_supervisor

SAYS_WHEN_STOPPED = """
import pathlib, signal, sys, time
def stop(*_):
    with open({diary!r}, "a") as diary:
        diary.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
time.sleep(120)
"""


def test_children_and_grandchildren_end_with_a_killed_supervisor(home: Home) -> None:
    parent, pids = start_supervisor(home.root, {"family": FAMILY, "sleeper": SLEEPER})
    marker = str(pids.pop("marker"))
    assert eventually(lambda: home.log("family").read_text().strip().isdigit())
    everyone = [*map(int, pids.values()), int(home.log("family").read_text())]
    assert all(lives(pid) for pid in everyone)

    parent.kill()
    parent.communicate()

    assert eventually(lambda: not any(lives(pid) for pid in everyone))
    assert marked(marker) == []
    assert eventually(lambda: not list(home.supervisors.iterdir())), "the guard forgets the record of the dead"


@pytest.mark.slow
def test_a_child_deaf_to_sigterm_ends_too_when_the_supervisor_is_killed(home: Home) -> None:
    parent, pids = start_supervisor(home.root, {"stubborn": STUBBORN})
    assert eventually(lambda: "up" in home.log("stubborn").read_text())
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not lives(int(pids["stubborn"])), seconds=20)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopping_signal_stops_the_children_in_reverse_order(home: Home, number: signal.Signals) -> None:
    diary = home.root / "diary"
    programs = {name: SAYS_WHEN_STOPPED.format(diary=str(diary), name=name) for name in ("first", "second", "third")}
    parent, _ = start_supervisor(home.root, programs)
    assert eventually(lambda: all("up" in home.log(name).read_text() for name in programs))
    parent.send_signal(number)
    parent.communicate(timeout=10)
    assert diary.read_text().split() == ["third", "second", "first"]


def test_a_second_signal_ends_the_waiting_for_a_stubborn_child(home: Home) -> None:
    parent, pids = start_supervisor(home.root, {"stubborn": STUBBORN.replace("120", "121")})
    assert eventually(lambda: "up" in home.log("stubborn").read_text())
    parent.send_signal(signal.SIGINT)
    time.sleep(0.3)
    begun = time.monotonic()
    parent.send_signal(signal.SIGINT)
    parent.communicate(timeout=10)
    assert time.monotonic() - begun < 2.5, "the grace of 3 seconds was cut short"
    assert not lives(int(pids["stubborn"]))


def test_a_dead_child_is_named_with_the_end_of_its_log(home: Home) -> None:
    with Supervisor(home) as supervisor:
        supervisor.start("sleeper", python(SLEEPER), environment=inherited())
        supervisor.start("frail", python("print('before'); raise SystemExit('no such table')"), environment=inherited())
        with pytest.raises(ServiceFailed, match=r"(?s)frail ended by itself \(exit status 1\).*before\nno such table"):
            supervisor.watch()
        sleeper = supervisor.services()["sleeper"]
    assert not lives(sleeper)


def test_a_child_killed_by_a_signal_is_described_by_its_name(home: Home) -> None:
    with Supervisor(home) as supervisor:
        child = supervisor.start("victim", python(SLEEPER), environment=inherited())
        os.kill(child.process.pid, signal.SIGKILL)
        with pytest.raises(ServiceFailed, match=r"victim ended by itself \(signal SIGKILL\)"):
            supervisor.watch()


def test_the_tail_shows_this_start_and_not_an_earlier_one(home: Home) -> None:
    home.log("frail").write_text("an old complaint\n")
    with Supervisor(home) as supervisor:
        child = supervisor.start("frail", python("raise SystemExit('a new one')"), environment=inherited())
        with pytest.raises(ServiceFailed) as caught:
            supervisor.wait_done(child)
    assert "a new one" in str(caught.value)
    assert "an old complaint" not in str(caught.value)


def test_waiting_for_readiness_gives_up_in_time(home: Home) -> None:
    with Supervisor(home) as supervisor:
        child = supervisor.start("slow", python(SLEEPER), environment=inherited())
        with pytest.raises(ServiceFailed, match="slow was not ready after 0 seconds"):
            supervisor.wait_ready(child, lambda: False, seconds=0.2)


def test_waiting_for_readiness_notices_a_death(home: Home) -> None:
    with Supervisor(home) as supervisor:
        child = supervisor.start("frail", python("raise SystemExit(3)"), environment=inherited())
        with pytest.raises(ServiceFailed, match="exit status 3"):
            supervisor.wait_ready(child, lambda: False, seconds=20)


def test_a_piped_child_is_read_line_by_line(home: Home) -> None:
    with Supervisor(home) as supervisor:
        program = "import sys; print('one'); print('two'); print('aside', file=sys.stderr)"
        child = supervisor.start("talker", python(program), environment=inherited(), pipe=True)
        assert list(child.lines()) == [b"one\n", b"two\n"]
        supervisor.wait_done(child)
    assert home.log("talker").read_text() == "aside\n"


def test_leftovers_of_a_supervisor_that_died_with_its_guard_are_swept_at_the_next_start(home: Home) -> None:
    marker = "0" * 32
    orphan = subprocess.Popen(python(SLEEPER), env={**inherited(), MARKER: marker})
    stranger = subprocess.Popen(python(SLEEPER))
    (home.supervisors / f"{marker}.json").write_text(json.dumps({"pid": orphan.pid + 1_000_000, "born": 0}))
    try:
        with Supervisor(home):
            assert orphan.wait(timeout=5) == -signal.SIGTERM
            assert lives(stranger.pid)
        assert not list(home.supervisors.iterdir())
    finally:
        for process in (orphan, stranger):
            process.kill()
            process.wait()


def test_a_living_supervisor_of_the_same_home_is_left_alone(home: Home) -> None:
    with Supervisor(home) as first:
        child = first.start("sleeper", python(SLEEPER), environment=inherited())
        with Supervisor(home):
            pass
        child.check()


def test_logs_and_records_are_readable_by_the_owner_alone(home: Home) -> None:
    with Supervisor(home) as supervisor:
        child = supervisor.start("sleeper", python(SLEEPER), environment=inherited())
        files = [child.log, home.log("guard"), *home.supervisors.iterdir()]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert home.root.stat().st_mode & 0o777 == 0o700
