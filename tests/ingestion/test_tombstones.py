"""When a missing record is gone: two complete sweeps in a row, and never too many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.tombstones import judge


def test_a_first_miss_is_only_remembered() -> None:
    verdict = judge(["7"], missed_before=set(), live=100, seen=99)
    assert (verdict.gone, verdict.missed, verdict.note) == ((), ("7",), None)


def test_a_second_miss_makes_a_tombstone_and_clears_the_memory() -> None:
    verdict = judge(["7"], missed_before={"7"}, live=100, seen=99)
    assert (verdict.gone, verdict.missed) == (("7",), ())


def test_a_record_seen_again_is_no_longer_remembered() -> None:
    assert judge([], missed_before={"7"}, live=100, seen=100).missed == ()


@pytest.mark.parametrize(
    ("missing", "live", "is_believed"), [(20, 100, True), (21, 100, False), (50, 1000, True), (51, 1000, False)]
)
def test_more_than_twenty_and_five_percent_at_once_is_not_believed(
    missing: int, live: int, *, is_believed: bool
) -> None:
    ids = [str(number) for number in range(missing)]
    verdict = judge(ids, missed_before=set(ids), live=live, seen=live - missing)
    assert (len(verdict.gone) == missing) is is_believed
    assert (verdict.note is None) is is_believed
    assert (verdict.missed is not None) is is_believed


def test_an_empty_list_where_records_are_known_removes_nothing() -> None:
    verdict = judge(["1", "2"], missed_before={"1", "2"}, live=2, seen=0)
    assert verdict.gone == ()
    assert verdict.note is not None
    assert "permission" in verdict.note


@given(st.sets(st.text(max_size=3)), st.sets(st.text(max_size=3)), st.integers(min_value=1, max_value=500))
def test_only_what_was_missed_twice_is_gone(missing: set[str], before: set[str], seen: int) -> None:
    verdict = judge(missing, missed_before=before, live=len(missing) + seen, seen=seen)
    assert set(verdict.gone) <= missing & before
    if verdict.missed is not None:
        assert set(verdict.gone) | set(verdict.missed) == missing
