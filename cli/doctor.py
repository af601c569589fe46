"""The checks of `sixfb doctor` that need no database, and what every check answers."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cli import manifest
from cli.installation import Installation
from cli.locks import describe, running
from cli.ports import is_free

Outcome = Literal["pass", "warn", "fail"]

_FREE_ENOUGH, _FREE_TOO_LITTLE = 5.0, 0.5
"""Gigabytes. The installation itself takes 0.2 with its write-ahead log; a million appointments take about 2."""
_DEMO_PORT, _UI_PORT = 8600, 3000


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and what to do about it unless it passed."""

    name: str
    outcome: Outcome
    found: str
    next_step: str = ""


def local_checks(installation: Installation) -> Iterator[Check]:
    """Look at the machine and the home."""
    yield _python()
    yield _disk(installation)
    yield _service(installation)
    yield _manifest(installation)


def _python() -> Check:
    found = f"Python {platform.python_version()}"
    if platform.python_version_tuple()[:2] == ("3", "11"):
        return Check("python", "pass", found)
    return Check("python", "fail", found, "Python 3.11 is needed: run `make setup` with PYTHON=/path/to/python3.11.")


def _disk(installation: Installation) -> Check:
    free = shutil.disk_usage(installation.home.root).free / 1e9
    found = f"{free:.1f} GB free at {installation.home.root}"
    if free < _FREE_TOO_LITTLE:
        return Check("disk", "fail", found, "The database stops when the disk is full: free some, or move SIXFB_HOME.")
    if free < _FREE_ENOUGH:
        return Check("disk", "warn", found, "Free some before connecting large shops.")
    return Check("disk", "pass", found)


def _service(installation: Installation) -> Check:
    """Is anything running, and if not, are the usual ports free?"""
    up = running(installation.home)
    if up is not None:
        return Check("service", "pass", f"{describe(up)} runs{': ' + up['ui'] if up.get('ui') else ', still starting'}")
    taken = [port for port in (_UI_PORT, _DEMO_PORT) if not is_free(port)]
    if taken:
        ports = " and ".join(map(str, taken))
        return Check("service", "warn", f"nothing runs; port {ports} is taken", "The next free port will be used.")
    return Check("service", "pass", "nothing runs; the usual ports are free")


def _manifest(installation: Installation) -> Check:
    if manifest.is_fresh(installation.home, manifest.digest()):
        return Check("manifest", "pass", "dbt's manifest belongs to the project's files")
    return Check(
        "manifest", "warn", "dbt's manifest is missing or older than the project's files", "`sixfb up` makes it."
    )
