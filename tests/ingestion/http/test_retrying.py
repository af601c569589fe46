"""Which attempts are repeated, when, and for how long."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from ingestion.http.pacing import RateLimit
from ingestion.http.policy import Policy, Stats
from ingestion.http.retrying import Retrier, retry_after
from tests.ingestion.fake_time import FakeTime


class Passing(Exception):
    """May pass with time; `told` is how long the server wants to be left alone."""

    def __init__(self, told: float | None = None) -> None:
        super().__init__("passing")
        self.told = told


class Caller:
    """Runs attempts that fail as told, and counts them."""

    def __init__(self, **policy: float) -> None:
        self.time = FakeTime()
        self.stats = Stats()
        self.attempts = 0
        self.limit = RateLimit(per_minute=60_000, burst=1_000, timing=self.time.timing)
        self._retrier = Retrier(
            Policy(**policy),  # type: ignore[arg-type]  # each test names numbers that fit
            stats=self.stats,
            rate_limit=self.limit,
            timing=self.time.timing,
        )

    def run(self, *failures: Exception) -> str:
        outcomes: Iterator[Exception] = iter(failures)

        def attempt() -> str:
            self.attempts += 1
            failure = next(outcomes, None)
            if failure:
                raise failure
            return "answer"

        return self._retrier.run(
            attempt,
            is_retryable=lambda error: isinstance(error, Passing),
            told_to_wait=lambda error: error.told if isinstance(error, Passing) else None,
        )


def test_what_may_pass_is_tried_again_until_it_has_passed() -> None:
    caller = Caller()
    assert caller.run(Passing(), Passing()) == "answer"
    assert (caller.attempts, caller.stats.retries) == (3, 2)


def test_what_will_not_pass_is_not_tried_again() -> None:
    caller = Caller()
    with pytest.raises(LookupError):
        caller.run(LookupError())
    assert (caller.attempts, caller.time.slept) == (1, [])


def test_back_off_is_drawn_between_nothing_and_a_doubling_ceiling() -> None:
    caller = Caller(back_off_base=0.5, back_off_cap=3, retries=5)
    with pytest.raises(Passing):
        caller.run(*[Passing()] * 9)
    assert caller.time.drawn == [(0, 0.5), (0, 1), (0, 2), (0, 3), (0, 3)]
    assert caller.time.slept == [0.5, 1, 2, 3, 3]
    assert caller.stats.back_off_seconds == 9.5


def test_the_server_is_never_asked_earlier_than_it_said() -> None:
    caller = Caller(back_off_base=0.5)
    caller.run(Passing(told=20))
    assert caller.time.slept == [20.5]


def test_a_wait_of_hours_is_capped() -> None:
    caller = Caller(back_off_base=0.5, retry_after_cap=60)
    caller.run(Passing(told=7200))
    assert caller.time.slept == [60.5]


def test_a_told_wait_holds_the_other_threads_too() -> None:
    caller = Caller()
    caller.time.stands_still = True
    caller.run(Passing(told=20))
    assert caller.limit.wait() == 20


def test_no_retry_begins_after_the_total_time() -> None:
    caller = Caller(total_seconds=100)
    with pytest.raises(Passing):
        caller.run(*[Passing(told=45)] * 4)
    assert caller.attempts == 3


def test_a_sick_server_gets_few_retries_once_the_reserve_is_spent() -> None:
    caller = Caller(budget_reserve=3, budget_share=0.1, retries=1)
    for _ in range(40):
        with pytest.raises(Passing):
            caller.run(Passing(), Passing())
    assert caller.stats.retries == 6  # three in reserve, and a tenth of the other requests


def test_waits_that_the_server_sets_cost_no_budget() -> None:
    caller = Caller(budget_reserve=0, retries=2)
    assert caller.run(Passing(told=1), Passing(told=1)) == "answer"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Mon, 02 Mar 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "Mon, 02 Mar 2026 15:00:30 GMT", "Date": "Mon, 02 Mar 2026 15:00:00 GMT"}, 30),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:30 GMT", "Date": "yesterday"}, 30),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers), now=datetime(2026, 3, 2, 12, tzinfo=UTC)) == seconds
