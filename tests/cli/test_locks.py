"""One `sixfb up` or `sixfb demo` per home, enforced by a lock that no crash leaves behind."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli.errors import AlreadyUp, DatabaseTaken
from cli.home import Home
from cli.locks import only_one, only_one_on, running

HOLDER = """
import sys, time
from pathlib import Path
from cli.home import Home
from cli.locks import only_one
with only_one(Home.at(Path(sys.argv[1])), "demo"):
    print("held", flush=True)
    time.sleep(120)
"""


def test_a_second_start_is_refused_and_told_who_runs_and_what_to_do(home: Home) -> None:
    with (
        only_one(home, "demo"),
        pytest.raises(AlreadyUp, match=rf"`sixfb demo` \(process {os.getpid()}, since .*Ctrl-C"),
        only_one(home, "up"),
    ):
        pytest.fail("two of them run")


def test_another_home_is_another_installation(home: Home, tmp_path: Path) -> None:
    with only_one(home, "up"), only_one(Home.at(tmp_path / "other"), "up"):
        pass


def test_a_killed_holder_leaves_no_stale_lock(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(home.root)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert running(home) is not None
        holder.kill()
        holder.wait()
    assert running(home) is None
    with only_one(home, "up"):
        pass


def test_others_can_read_what_the_holder_tells(home: Home) -> None:
    assert running(home) is None
    with only_one(home, "up") as holder:
        holder.tell(ui="http://127.0.0.1:3000")
        facts = running(home)
        assert facts is not None
        assert facts["ui"] == "http://127.0.0.1:3000"
        assert facts["pid"] == os.getpid()
    assert running(home) is None


@pytest.mark.sql
def test_one_database_serves_one_installation_at_a_time(empty_database_url: str, database_url: str) -> None:
    with only_one_on(empty_database_url):
        with (
            pytest.raises(DatabaseTaken, match="from another home or another machine"),
            only_one_on(empty_database_url),
        ):
            pytest.fail("two of them run")
        with only_one_on(database_url):
            pass
    with only_one_on(empty_database_url):
        pass


def test_a_write_that_is_under_way_is_waited_for(home: Home) -> None:
    with only_one(home, "up"):
        whole = home.up_lock.read_bytes()
        home.up_lock.write_bytes(whole[:20])
        later = threading.Timer(0.05, home.up_lock.write_bytes, [whole])
        later.start()
        assert (running(home) or {}).get("pid") == os.getpid()
        later.join()
