"""A bounded queue between the threads that read shops and the one that writes what they read."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from ingestion.http.pacing import Stopped

Item = TypeVar("Item")


class BatchQueue(Generic[Item]):
    """Readers `put`, the writer iterates until each of the `readers` has said `done`.

    Own lines rather than `queue.Queue`, because nobody may wait for ever: when the writer stops (a full disk, Ctrl-C),
    `close` wakes every reader that waits for room, with `Stopped`. Python's own queue can do that from 3.13 on.
    """

    def __init__(self, *, size: int, readers: int) -> None:
        self._items: deque[Item] = deque()
        self._size = size
        self.readers = readers
        self._reading = readers
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Add one item, waiting for room. Raises `Stopped` once nobody takes anything any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or len(self._items) < self._size)
            if self._is_closed:
                raise Stopped
            self._items.append(item)
            self._changed.notify_all()

    def done(self) -> None:
        """Say that one reader will put nothing any more."""
        with self._changed:
            self._reading -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing any more, and let go of what is waiting."""
        with self._changed:
            self._is_closed = True
            self._items.clear()
            self._changed.notify_all()

    def __len__(self) -> int:
        """Return how many items wait."""
        with self._changed:
            return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        """Yield items as they come, until all readers are done or the queue is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._items or not self._reading)
                if self._is_closed or not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
