"""The clock stands, runs and jumps forward, and never back."""

from datetime import UTC, datetime, timedelta

import pytest

from simulator.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_frozen_clock_stands_until_it_is_advanced() -> None:
    clock = Clock(frozen_at=NOON)
    assert clock.now() == clock.now() == NOON
    assert clock.advance(timedelta(hours=2)) == NOON + timedelta(hours=2)
    assert clock.seconds() == int((NOON + timedelta(hours=2)).timestamp())


def test_a_running_clock_follows_the_wall_and_can_jump_ahead() -> None:
    clock = Clock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    clock.advance(timedelta(days=1))
    assert clock.now() >= before + timedelta(days=1)


def test_freezing_and_letting_go_lose_no_time() -> None:
    clock = Clock()
    frozen = clock.freeze()
    assert clock.now() == clock.now() == frozen
    clock.unfreeze()
    assert frozen <= clock.now() < frozen + timedelta(seconds=5)


def test_time_never_runs_backwards() -> None:
    clock = Clock(frozen_at=NOON)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="only moves forward"):
        clock.freeze(NOON - timedelta(days=1))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        Clock(frozen_at=datetime(2026, 3, 2, 12))  # noqa: DTZ001
