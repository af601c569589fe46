"""An arena for a file's drills: a home of its own with an embedded PostgreSQL that may be broken."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.chaos.arena import Arena
from cli.chaos.engine import Engine
from cli.chaos.report import Campaign
from cli.chaos.schedule import schedule
from cli.progress import Progress

Play = Callable[[str, int], Campaign]


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    with (
        tempfile.TemporaryDirectory(prefix="sixfb-drill-", ignore_cleanup_errors=True) as folder,
        Arena(Path(folder)) as arena,
    ):
        yield arena


@pytest.fixture
def play(arena: Arena) -> Play:
    """Play so many rounds of one kind, and return what was found in the version log and the control record."""

    def play(kind: str, rounds: int) -> Campaign:
        engine = Engine(arena, 26, Progress(), print)
        return engine.play(schedule(26, rounds, [kind]), with_marts=False)

    return play
