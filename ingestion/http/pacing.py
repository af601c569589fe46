"""How fast and how often a client may ask: the clock and the dice, rate limits, and a retry budget."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Timing:
    """Where time and chance come from; tests give their own and never wait."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _utc_now
    uniform: Callable[[float, float], float] = random.uniform


class RateLimit:
    """A token bucket for one shop or for all of them, shared by all threads that ask there.

    Each caller takes its place in the queue at once and sleeps outside the lock, so that nobody overtakes.
    """

    def __init__(self, *, per_minute: float, burst: int, timing: Timing) -> None:
        if per_minute <= 0 or burst < 1:
            raise ValueError(f"a rate limit lets something pass; got {per_minute} requests per minute, burst {burst}")
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._timing = timing
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._filled_at = timing.monotonic()
        self._paused_until = self._filled_at

    def wait(self) -> float:
        """Take one token, sleeping until it is there; return the seconds slept."""
        with self._lock:
            now = self._timing.monotonic()
            refilled = self._tokens + (now - self._filled_at) * self._per_second
            self._tokens = min(refilled, self._burst) - 1
            self._filled_at = now
            seconds = max(-self._tokens / self._per_second, self._paused_until - now, 0.0)
        if seconds:
            self._timing.sleep(seconds)
        return seconds

    def pause(self, seconds: float) -> None:
        """Let no further request pass for so long: the server asked one of us to wait, and means all."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._timing.monotonic() + seconds)


class Stopped(BaseException):
    """The run is over, so its threads ask no more.

    Not an `Exception`, like asyncio's own of this kind: nothing on the way may take it for trouble with the shop.
    """


class Gate:
    """What every request of a run passes, whatever its shop: the rate allowed over all of them, until the run is over.

    A thread waits here after it has waited for its own shop's limit, so that a place in this queue is never held by
    somebody who may not go yet.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._is_shut = threading.Event()

    def wait(self) -> float:
        """Pass when it is our turn; return the seconds slept. Raises `Stopped` once the gate is shut."""
        self._require_open()
        seconds = self._limit.wait()
        self._require_open()
        return seconds

    def shut(self) -> None:
        """Let nobody pass any more."""
        self._is_shut.set()

    def _require_open(self) -> None:
        if self._is_shut.is_set():
            raise Stopped


class RetryBudget:
    """Keeps retries a small share of all requests, so that a sick server is not made sicker.

    Every request earns `share` of a retry, every retry costs one, and no more than `reserve` are ever saved up.
    """

    def __init__(self, *, share: float, reserve: int) -> None:
        self._share = share
        self._reserve = float(reserve)
        self._saved = self._reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note one request that is no retry."""
        with self._lock:
            self._saved = min(self._saved + self._share, self._reserve)

    def spend(self) -> bool:
        """Take one retry out of the budget; False when there is none left."""
        with self._lock:
            if self._saved < 1:
                return False
            self._saved -= 1
            return True
