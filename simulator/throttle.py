"""A token bucket on the simulator's clock. While the clock is frozen, nothing is refilled."""

import math
import threading

from simulator.clock import Clock


class Throttle:
    """A bucket of requests a client, filled by the minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # client id -> (requests left, when that was so)

    def wait(self, client_id: str, per_minute: int) -> int:
        """0 when the request may pass, otherwise the whole seconds until one may; never less than two."""
        now = self._clock.now().timestamp()
        with self._lock:
            left, then = self._buckets.get(client_id, (float(per_minute), now))
            left = min(left + (now - then) * per_minute / 60, float(per_minute))
            passes = left >= 1
            self._buckets[client_id] = (left - 1 if passes else left, now)
            return 0 if passes else max(math.ceil((1 - left) * 60 / per_minute), 2)
