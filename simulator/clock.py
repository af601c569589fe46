"""The simulator's only source of time: a wall clock, or a frozen one that a test moves."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """`Clock()` follows the wall; `Clock(frozen_at=...)` stands still until it is advanced.

    It never runs backwards: what the shop has shown stays shown.
    """

    def __init__(self, *, frozen_at: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen = None if frozen_at is None else _aware(frozen_at)

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still until it is moved by hand."""
        return self._frozen is not None

    def now(self) -> datetime:
        """Return the simulated moment (aware UTC)."""
        with self._lock:
            return self._now()

    def seconds(self) -> int:
        """Whole seconds since 1970: the resolution at which the shop lives."""
        return int(self.now().timestamp())

    def advance(self, by: timedelta) -> datetime:
        """Move forward, frozen or not, and return the new moment."""
        if by < timedelta():
            raise ValueError(f"the clock only moves forward; got {by}")
        with self._lock:
            if self._frozen is None:
                self._offset += by
            else:
                self._frozen += by
            return self._now()

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stand still, now or at a later moment."""
        with self._lock:
            now = self._now()
            moment = now if at is None else _aware(at)
            if moment < now:
                raise ValueError(f"the clock only moves forward; it is {now}, asked for {moment}")
            self._frozen = moment
            return moment

    def unfreeze(self) -> datetime:
        """Run on from where the clock stands, at the pace of the wall."""
        with self._lock:
            if self._frozen is not None:
                self._offset, self._frozen = self._frozen - datetime.now(UTC), None
            return self._now()

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._offset if self._frozen is None else self._frozen

    def __repr__(self) -> str:
        return f"Clock({self.now().isoformat()}, {'frozen' if self.is_frozen else 'running'})"


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"the clock takes aware datetimes; {moment} has no zone")
    return moment.astimezone(UTC)
