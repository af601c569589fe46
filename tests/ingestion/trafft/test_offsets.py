"""Page arithmetic: overlapping pages overlap, always reach further, and cost little."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.trafft.offsets import Habits, Step, overlapping_step

ENDS = st.integers(min_value=0, max_value=2_000_000)
CEILINGS = st.integers(min_value=1, max_value=120)


@given(end=ENDS, overlap=st.integers(min_value=1, max_value=130), ceiling=CEILINGS)
def test_an_overlapping_page_begins_early_enough_and_reaches_beyond_the_end(
    end: int, overlap: int, ceiling: int
) -> None:
    step = overlapping_step(end, overlap, ceiling)
    if step is not None:
        assert 0 <= step.start <= end - overlap
        assert step.start + step.limit > end
        assert 1 <= step.limit <= ceiling


@given(end=ENDS, overlap=st.integers(min_value=0, max_value=130), ceiling=CEILINGS)
def test_there_is_always_a_next_page_that_leaves_no_gap(end: int, overlap: int, ceiling: int) -> None:
    step = Habits(ceiling).next_step(end, overlap=overlap)
    assert step.start <= end < step.start + step.limit


def test_overlapping_costs_about_an_eighth_more_pages() -> None:
    end = pages = 0
    while end < 100_000:
        step = Habits(100).next_step(end, overlap=1)
        end, pages = step.start + step.limit, pages + 1
    assert pages < 1_150


def test_without_odd_limits_pages_follow_each_other() -> None:
    habits = Habits(100)
    habits.learn_limit(Step(2, 99), 100)
    assert habits.next_step(100, overlap=1) == Step(2, 100)
    assert habits.next_step(137, overlap=1) == Step(2, 100)


def test_a_limit_that_trafft_cuts_down_is_kept_to() -> None:
    habits = Habits(100)
    habits.learn_limit(Step(1, 100), 25)
    assert habits.next_step(25, overlap=0) == Step(2, 25)


def test_refused_limits_become_smaller_until_there_is_none_left() -> None:
    habits = Habits(100)
    assert habits.learn_refusal(Step(2, 99))
    assert not habits.takes_any_limit
    assert [habits.learn_refusal(Step(1, habits.ceiling)) for _ in range(2)] == [True, True]
    assert (habits.ceiling, habits.takes_hints) == (20, True)


def test_when_even_the_smallest_limit_is_refused_the_hints_are_dropped_before_giving_up() -> None:
    habits = Habits(30)
    assert [habits.learn_refusal(Step(1, habits.ceiling)) for _ in range(2)] == [True, True]
    assert (habits.ceiling, habits.takes_hints) == (30, False)
    assert [habits.learn_refusal(Step(1, habits.ceiling)) for _ in range(2)] == [True, False]
