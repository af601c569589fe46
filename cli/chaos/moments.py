"""Moments of a sync at which it can be struck, seen from outside: in its working folder, in the database."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from psycopg import Connection

_POLL = 0.0005
"""Seconds between two looks. A small package is normalised in ten milliseconds."""

FOLDER: Mapping[str, tuple[str, ...]] = {
    "extract": ("*/normalize/*/*/new_jobs/*.parquet",),
    "normalize": ("*/normalize/extracted/*/new_jobs",),
    "load": ("*/load/normalized/*/started_jobs/*",),
    "loaded": ("*/load/normalized/*/completed_jobs/*",),
}
"""Step → what lies in dlt's working folder from its beginning on."""


def folder_moment(work_dir: Path, step: str, *, files: int = 1) -> Callable[[], bool]:
    """Return whether the step has got to so many files, asked again and again. What lay there before does not count."""
    before = _found(work_dir, step)
    return lambda: len(_found(work_dir, step) - before) >= files


def completed_load(connection: Connection) -> Callable[[], bool]:
    """Return whether one more load has been marked as complete."""

    def loads() -> int:
        row = connection.execute("select count(*) from raw_trafft._dlt_loads").fetchone()
        return int(row[0]) if row else 0

    before = loads()
    return lambda: loads() > before


def dbt_at_work(connection: Connection) -> Callable[[], bool]:
    """Return whether dbt has a session in the database."""

    def sessions() -> bool:
        query = "select from pg_stat_activity where application_name = 'dbt' and state = 'active' limit 1"
        return connection.execute(query).fetchone() is not None

    return sessions


def wait_for(moment: Callable[[], bool], *, until: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait for the moment and tell whether it came before `until` was true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if moment():
            return True
        if until():
            return False
        time.sleep(_POLL)
    return False


def _found(work_dir: Path, step: str) -> set[Path]:
    found: set[Path] = set()
    for pattern in FOLDER[step]:
        try:
            found |= set(work_dir.glob(pattern))
        except OSError:  # a folder that was there a moment ago has been moved
            continue
    return found
