"""What a client allows itself towards one shop's account, and the count of what it did."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Policy:
    """Limits of one client. The defaults suit a nightly sync of a large shop over the internet."""

    requests_per_minute: float = 600
    burst: int = 10
    """One second's worth, so that a short list needs no waiting at all."""
    connect_seconds: float = 10
    read_seconds: float = 30
    write_seconds: float = 10
    pool_seconds: float = 30
    attempt_seconds: float = 60
    """For one request with its whole body: a server that sends a byte now and then never trips the read time-out."""
    total_seconds: float = 300
    """For one request with all its retries and waits; no retry is begun that could not begin within it."""
    retries: int = 4
    back_off_base: float = 0.5
    back_off_cap: float = 30
    retry_after_cap: float = 120
    budget_share: float = 0.1
    budget_reserve: int = 10
    """Retries may be a tenth of all requests, and ten in a row at the start."""
    body_bytes: int = 32 * 1024 * 1024
    """Of a decompressed body. A page of 100 appointments is about 110 kB, of 100 crowded classes about 3 MB."""
    allow_loopback: bool = False
    """Permit plain http to this machine's own addresses."""


@dataclass
class Stats:
    """What a client has done so far; safe to add to from several threads."""

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    """Of bodies as they came over the wire, so before they were decompressed."""
    rate_limit_seconds: float = 0.0
    back_off_seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def waited_seconds(self) -> float:
        """Seconds slept in all, for the rate limit and between retries."""
        return self.rate_limit_seconds + self.back_off_seconds

    def count_request(self, *, waited: float) -> None:
        """Note one request on the wire, and how long the rate limit held it back."""
        with self._lock:
            self.requests += 1
            self.rate_limit_seconds += waited

    def count_retry(self, *, waited: float) -> None:
        """Note one retry, and the back-off before it."""
        with self._lock:
            self.retries += 1
            self.back_off_seconds += waited

    def count_bytes(self, received: int) -> None:
        """Note a piece of a body."""
        with self._lock:
            self.bytes += received
