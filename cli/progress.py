"""What a long command tells while it works: phases with their seconds, on standard error."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Progress:
    """Lines on standard error, each with the seconds since the start; in a terminal also what is going on now."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._started = time.monotonic()
        self._status: Status | None = None
        self.seconds: dict[str, float] = {}
        """Phase → how long it took. Phases may overlap, so the sum can exceed the whole."""

    @contextmanager
    def phase(self, name: str, title: str) -> Iterator[None]:
        """Announce `title`, and keep its duration under `name`."""
        begun = time.monotonic()
        self.say(title)
        try:
            if self._console.is_terminal and self._status is None:
                with self._console.status(escape(title)) as self._status:
                    yield
            else:
                yield
        finally:
            self._status = None
            self.seconds[name] = round(time.monotonic() - begun, 2)

    def update(self, text: str) -> None:
        """In a terminal, show what is going on just now; elsewhere it is not worth a line."""
        if self._status is not None:
            self._status.update(escape(text))

    def say(self, text: str) -> None:
        """Write one line."""
        self._console.print(f"[dim]{time.monotonic() - self._started:6.1f} s[/dim]  {escape(text)}")
