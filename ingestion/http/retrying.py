"""Repeats what failed for the moment: full-jitter exponential back-off, Retry-After, a budget and a total time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from ingestion.http.pacing import RateLimit, RetryBudget, Timing
from ingestion.http.policy import Policy, Stats

Result = TypeVar("Result")

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


class Retrier:
    """Runs attempts of one client. Only for requests that may safely be repeated.

    Own lines rather than tenacity's: here Retry-After, budget and total time all have a say in each wait, and each
    would be a callback there.
    """

    def __init__(self, policy: Policy, *, stats: Stats, rate_limit: RateLimit, timing: Timing) -> None:
        self._policy = policy
        self._stats = stats
        self._rate_limit = rate_limit
        self._timing = timing
        self._budget = RetryBudget(share=policy.budget_share, reserve=policy.budget_reserve)

    def run(
        self,
        attempt: Callable[[], Result],
        *,
        is_retryable: Callable[[Exception], bool],
        told_to_wait: Callable[[Exception], float | None],
    ) -> Result:
        """Return what `attempt` returns, or raise its last error."""
        started = self._timing.monotonic()
        self._budget.earn()
        retries = 0
        while True:
            try:
                return attempt()
            except Exception as error:
                if not is_retryable(error):
                    raise
                seconds = self._wait(retries, told_to_wait(error))
                elapsed = self._timing.monotonic() - started
                if seconds is None or elapsed + seconds > self._policy.total_seconds:
                    raise
            retries += 1
            self._stats.count_retry(waited=seconds)
            self._timing.sleep(seconds)

    def _wait(self, retries: int, told: float | None) -> float | None:
        """Return the seconds to wait before the next retry; None when there is to be none.

        A wait that the server has set costs no budget: it knows when it wants us back, and the other threads hold
        still for as long. Chance comes on top of it, so that they do not all come back at once.
        """
        if retries >= self._policy.retries or not (told or self._budget.spend()):
            return None
        jitter = self._timing.uniform(0, min(self._policy.back_off_cap, self._policy.back_off_base * 2**retries))
        if not told:
            return jitter
        told = min(told, self._policy.retry_after_cap)
        self._rate_limit.pause(told)
        return told + jitter


def retry_after(headers: httpx.Headers, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, given in seconds or as an HTTP date; None without one.

    A date is measured from the answer's own Date header where there is one, so that a wrong clock does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _http_date(value)
    if until is None:
        return None
    return max((until - (_http_date(headers.get("date", "")) or now)).total_seconds(), 0.0)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
