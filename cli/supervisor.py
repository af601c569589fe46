"""Starts named processes, notices when one dies, and leaves none behind, however it ends itself.

Three nets, from the finest: an orderly stop in reverse order; the kernel's parent-death signal for the children; and a
guard process that ends everything carrying this supervisor's marker once the supervisor is gone.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self
from uuid import uuid4

from cli.errors import ServiceFailed
from cli.home import CHECKOUT, Home
from cli.leftovers import Record, sweep_leftovers
from cli.processes import MARKER, dies_with_parent, end_marked
from cli.signals import Hurry, hurried_by_signals

_POLL = 0.05
_TAIL_LINES = 20
_LOG_LIMIT = 5_000_000
"""Bytes after which a log is set aside at the next start; one older file is kept."""


@dataclass(frozen=True)
class Child:
    """One supervised process."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int
    grace: float
    lasting: bool
    stop_with: signal.Signals

    def failure(self, what: str) -> ServiceFailed:
        """Describe what befell the process, with the end of what it wrote."""
        return ServiceFailed(self.name, what, self.log, _tail(self.log, self.log_start))

    def check(self) -> None:
        """Raise `ServiceFailed` if the process has ended, which a service never does by itself."""
        status = self.process.poll()
        if status is not None:
            raise self.failure(f"ended by itself ({_ended(status)})")

    def lines(self) -> Iterator[bytes]:
        """Yield what a process started with `pipe=True` says on its standard output, until it closes it."""
        if self.process.stdout is not None:
            with self.process.stdout as stream:
                yield from stream


class Supervisor:
    """The processes of one command. Use it as a context manager; leave it and they are gone."""

    def __init__(self, home: Home) -> None:
        self.marker = uuid4().hex
        self._home = home
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        sweep_leftovers(self._home)
        self._record = Record.create(self._home, self.marker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with hurried_by_signals() as hurry:
            for child in reversed(self._children):
                _stop(child, hurry)
            end_marked(self.marker, grace=0.0 if hurry.asked else 3.0)
            self._record.close()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        grace: float = 10.0,
        pipe: bool = False,
        lasting: bool = True,
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a process whose output goes to its own log. Call it from the main thread.

        With `pipe`, only its standard error goes to the log; read the rest with `Child.lines`. A `lasting` process is
        a service, which must not end before we do.
        """
        log = _open_log(self._home.log(name))
        with log.open("ab") as stream:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else stream,
                stderr=stream,
                env={**environment, MARKER: self.marker},
                cwd=CHECKOUT,
                start_new_session=True,  # a Ctrl-C in the terminal reaches us alone; the order of stopping is ours
                preexec_fn=dies_with_parent(),
            )
            child = Child(name, process, log, stream.tell(), grace, lasting, stop_with)
        self._children.append(child)
        return child

    def wait_ready(self, child: Child, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `ready()`; raises `ServiceFailed` when the process dies first or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            child.check()
            if time.monotonic() > deadline:
                raise child.failure(f"was not ready after {seconds:.0f} seconds")
            time.sleep(_POLL)

    def wait_done(self, child: Child, *, seconds: float | None = None) -> None:
        """Wait for a process that has an end; raises `ServiceFailed` unless it ends well and in time."""
        try:
            status = child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise child.failure(f"was not done after {seconds:.0f} seconds") from None
        self.forget(child)
        if status != 0:
            raise child.failure(f"failed ({_ended(status)})")

    def forget(self, child: Child) -> None:
        """Leave a process that has ended out of what is stopped and checked."""
        self._children.remove(child)

    def check(self) -> None:
        """Raise `ServiceFailed` if a lasting process has ended."""
        for child in self._children:
            if child.lasting:
                child.check()

    def watch(self, check: Callable[[], None] = lambda: None) -> NoReturn:
        """Stay until we are told to stop, or until a process dies, which raises `ServiceFailed` naming it.

        `check` may raise for what is not a child of ours.
        """
        while True:
            self.check()
            check()
            time.sleep(0.25)

    def services(self) -> dict[str, int]:
        """Return the process id of every child that has not been waited for."""
        return {child.name: child.process.pid for child in self._children}


def _stop(child: Child, hurry: Hurry) -> None:
    """The child's own signal, its grace, then SIGKILL to its whole process group."""
    child.process.send_signal(child.stop_with)
    deadline = time.monotonic() + child.grace
    while child.process.poll() is None:
        if hurry.asked or time.monotonic() > deadline:
            os.killpg(child.process.pid, signal.SIGKILL)
            break
        time.sleep(_POLL)
    child.process.wait()
    if child.process.stdout is not None:
        child.process.stdout.close()


def _open_log(log: Path) -> Path:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.old"))
    log.touch(mode=0o600)
    return log


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as stream:
        stream.seek(start)
        lines = stream.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_TAIL_LINES:])


def _ended(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
