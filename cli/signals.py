"""What Ctrl-C, SIGTERM and a closed terminal mean: end in order; a second time: end at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """We were asked to stop; unwinds the stack like Ctrl-C, so that every `with` closes what it opened."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Turn the stopping signals into `Stopped`, raised in the main thread."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    with _handled(stop):
        yield


class Hurry:
    """Set by a stopping signal that arrives while we are stopping already."""

    asked = False


@contextmanager
def hurried_by_signals() -> Iterator[Hurry]:
    """Stop without being torn out of it: a further signal only takes the patience away."""
    hurry = Hurry()

    def push(_number: int, _frame: FrameType | None) -> None:
        hurry.asked = True

    with _handled(push):
        yield hurry


@contextmanager
def _handled(handler: "signal._HANDLER") -> Iterator[None]:
    # Under nohup a closed terminal is to be survived.
    heard = [number for number in STOPPING if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
