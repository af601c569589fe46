"""Time and chance for tests of clients: sleeping moves the clock and takes no time, the dice always show the most."""

import threading
from datetime import UTC, datetime, timedelta

from ingestion.http.pacing import Timing

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FakeTime:
    """A clock that only `sleep` and `pass_by` move, and that remembers every sleep and every throw of the dice."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.drawn: list[tuple[float, float]] = []
        self.stands_still = False
        self._seconds = 0.0
        self._lock = threading.Lock()

    @property
    def timing(self) -> Timing:
        return Timing(monotonic=self.monotonic, sleep=self.sleep, now=self.now, uniform=self.uniform)

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self._seconds)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
        if not self.stands_still:
            self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        with self._lock:
            self._seconds += seconds

    def uniform(self, low: float, high: float) -> float:
        self.drawn.append((low, high))
        return high
