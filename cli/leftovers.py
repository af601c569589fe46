"""The records of living supervisors, and the sweeping of what dead ones left behind."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from cli.environment import inherited
from cli.errors import CommandError
from cli.guard import GRACE, sweep
from cli.home import Home
from cli.locks import try_lock, write_locked
from cli.processes import MARKER, alive


@dataclass(frozen=True)
class Record:
    """A file that its supervisor holds locked while it lives; the name is the marker of its processes."""

    path: Path
    descriptor: int
    guard: subprocess.Popen[bytes]

    @classmethod
    def create(cls, home: Home, marker: str) -> Self:
        """Write the record, lock it, and set the guard beside it."""
        path = home.supervisors / f"{marker}.json"
        unborn = path.with_suffix(".new")  # a record that is not locked yet must not be taken for a dead one's
        descriptor = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try_lock(descriptor)
        write_locked(descriptor, {"pid": os.getpid(), "born": psutil.Process().create_time()})
        unborn.rename(path)
        return cls(path, descriptor, _start_guard(home, path, marker))

    def close(self) -> None:
        """Take the record away after an orderly stop: the guard wakes, finds nothing, and ends."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)
        self.guard.wait()


def sweep_leftovers(home: Home) -> None:
    """End the processes of supervisors that died with their guard, and wait for guards at work."""
    for record in home.supervisors.glob("*.json"):
        try:
            descriptor = os.open(record, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:  # its supervisor has just ended
            continue
        try:
            if _supervisor_lives(record):
                continue
            if not try_lock(descriptor, patience=2 * GRACE):
                raise CommandError(
                    f"Processes of an earlier sixfb on {home.root} are still being ended. Try again in a moment."
                )
            sweep(record, record.stem)
        finally:
            os.close(descriptor)


def _supervisor_lives(record: Path) -> bool:
    try:
        facts = json.loads(record.read_bytes())
        process = psutil.Process(facts["pid"])
        # A process id is given out again some day; the time of birth tells the two apart.
        return alive(process) and abs(process.create_time() - facts["born"]) < 1.0
    except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
        return False


def _start_guard(home: Home, record: Path, marker: str) -> subprocess.Popen[bytes]:
    log = home.log("guard")
    log.touch(mode=0o600)
    environment = {name: value for name, value in inherited().items() if name != MARKER}
    with log.open("ab") as stream:
        return subprocess.Popen(
            # -P: a folder named `cli` where the person happens to stand must not be taken for ours.
            [sys.executable, "-P", "-m", "cli.guard", str(record), marker],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=environment,
            start_new_session=True,
        )
