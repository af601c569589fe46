"""The rate limit and the retry budget, on a clock that takes no time."""

import threading

import pytest

from ingestion.http.pacing import RateLimit, RetryBudget
from tests.ingestion.fake_time import FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def one_a_second(time: FakeTime, *, burst: int = 3) -> RateLimit:
    return RateLimit(per_minute=60, burst=burst, timing=time.timing)


def test_a_burst_passes_at_once_and_the_rest_evenly_spaced(time: FakeTime) -> None:
    limit = one_a_second(time)
    assert [limit.wait() for _ in range(6)] == [0, 0, 0, 1, 1, 1]
    assert time.monotonic() == 3


def test_an_idle_hour_saves_up_no_more_than_one_burst(time: FakeTime) -> None:
    limit = one_a_second(time)
    time.pass_by(3600)
    assert [limit.wait() for _ in range(5)] == [0, 0, 0, 1, 1]


def test_time_that_passed_anyway_is_not_waited_for_again(time: FakeTime) -> None:
    limit = one_a_second(time, burst=1)
    limit.wait()
    time.pass_by(0.75)
    assert limit.wait() == pytest.approx(0.25)


def test_threads_queue_up_one_behind_the_other(time: FakeTime) -> None:
    time.stands_still = True
    limit = one_a_second(time, burst=2)
    threads = [threading.Thread(target=limit.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(time.slept) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 3), (-1, 3), (60, 0)])
def test_a_rate_limit_that_lets_nothing_pass_is_refused(time: FakeTime, per_minute: float, burst: int) -> None:
    with pytest.raises(ValueError, match="lets something pass"):
        RateLimit(per_minute=per_minute, burst=burst, timing=time.timing)


def test_a_pause_holds_everybody_and_ends(time: FakeTime) -> None:
    limit = one_a_second(time)
    limit.pause(30)
    limit.pause(10)
    assert [limit.wait() for _ in range(2)] == [30, 0]


def test_a_budget_pays_for_its_reserve_and_then_for_a_share_of_the_requests() -> None:
    budget = RetryBudget(share=0.25, reserve=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(3):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]


def test_a_budget_does_not_grow_beyond_its_reserve() -> None:
    budget = RetryBudget(share=0.5, reserve=1)
    for _ in range(100):
        budget.earn()
    assert [budget.spend(), budget.spend()] == [True, False]
