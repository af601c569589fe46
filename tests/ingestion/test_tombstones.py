"""When a missing record is gone: two complete sweeps an hour apart, and never too many at once."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.tombstones import SWEEPS_APART, Verdict, judge

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def after_a_miss(missing: Collection[str], *, missed: Collection[str], live: int, seen: int) -> Verdict:
    """Judge, when a sweep of the night before missed those of `missed`."""
    since = dict.fromkeys(missed, NOW - timedelta(days=1))
    return judge(missing, missed_since=since, started_at=NOW, live=live, seen=seen)


def test_a_first_miss_is_only_remembered() -> None:
    verdict = after_a_miss(["7"], missed=set(), live=100, seen=99)
    assert (verdict.gone, verdict.missed, verdict.note) == ((), ("7",), None)


def test_a_second_miss_makes_a_tombstone_and_clears_the_memory() -> None:
    verdict = after_a_miss(["7"], missed={"7"}, live=100, seen=99)
    assert (verdict.gone, verdict.missed) == (("7",), ())


@pytest.mark.parametrize(
    ("apart", "is_gone"),
    [
        (SWEEPS_APART, True),
        (SWEEPS_APART - timedelta(microseconds=1), False),
        (timedelta(0), False),
        (timedelta(hours=-1), False),
    ],
)
def test_two_sweeps_within_the_hour_are_one_moment_of_the_booking_system(apart: timedelta, *, is_gone: bool) -> None:
    verdict = judge(["7"], missed_since={"7": NOW - apart}, started_at=NOW, live=100, seen=99)
    assert (verdict.gone, verdict.missed) == ((("7",), ()) if is_gone else ((), ("7",)))


def test_what_is_not_believed_is_held_whole() -> None:
    ids = [str(number) for number in range(30)]
    verdict = after_a_miss(ids, missed=ids[:5], live=100, seen=70)
    assert (verdict.gone, verdict.missed, verdict.known, verdict.missing) == ((), None, 100, 30)
    assert verdict.held == tuple(sorted(ids))
    assert "sixfb deletions" in str(verdict.note)


def test_a_record_seen_again_is_no_longer_remembered() -> None:
    assert after_a_miss([], missed={"7"}, live=100, seen=100).missed == ()


@pytest.mark.parametrize(
    ("missing", "live", "is_believed"), [(20, 100, True), (21, 100, False), (50, 1000, True), (51, 1000, False)]
)
def test_more_than_twenty_and_five_percent_at_once_is_not_believed(
    missing: int, live: int, *, is_believed: bool
) -> None:
    ids = [str(number) for number in range(missing)]
    verdict = after_a_miss(ids, missed=set(ids), live=live, seen=live - missing)
    assert (len(verdict.gone) == missing) is is_believed
    assert (verdict.note is None) is is_believed
    assert (verdict.missed is not None) is is_believed


def test_an_empty_list_where_records_are_known_removes_nothing() -> None:
    verdict = after_a_miss(["1", "2"], missed={"1", "2"}, live=2, seen=0)
    assert verdict.gone == ()
    assert verdict.note is not None
    assert "permission" in verdict.note


@given(st.sets(st.text(max_size=3)), st.sets(st.text(max_size=3)), st.integers(min_value=1, max_value=500))
def test_only_what_was_missed_twice_is_gone(missing: set[str], before: set[str], seen: int) -> None:
    verdict = after_a_miss(missing, missed=before, live=len(missing) + seen, seen=seen)
    assert set(verdict.gone) <= missing & before
    if verdict.missed is not None:
        assert set(verdict.gone) | set(verdict.missed) == missing


def test_what_webhooks_alone_told_of_cannot_stop_the_sweeps() -> None:
    forged = {f"forged-{number}" for number in range(50)}
    since = dict.fromkeys(["7", *forged], NOW - timedelta(days=1))
    verdict = judge(["7", *forged], missed_since=since, started_at=NOW, live=150, seen=99, unconfirmed=forged)
    assert verdict.held == ()
    assert set(verdict.gone) == {"7", *forged}


def test_what_webhooks_alone_told_of_is_not_held_with_the_rest() -> None:
    missing = [str(number) for number in range(30)]
    verdict = judge([*missing, "forged"], missed_since={}, started_at=NOW, live=60, seen=30, unconfirmed={"forged"})
    assert set(verdict.held) == set(missing)
