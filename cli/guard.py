"""The process that outlives its supervisor by a moment and ends whatever that one left behind.

It waits for the record's lock, which the kernel drops when the supervisor ends, however it ends (SIGKILL included).
Run as `python -P -m cli.guard RECORD MARKER`.
"""

import fcntl
import os
import signal
import sys
from pathlib import Path

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL: Dagster's daemon and a run in the middle of a page need a few."""


def sweep(record: Path, marker: str) -> None:
    """End the processes of a dead supervisor, then forget its record."""
    from cli.processes import end_marked  # psutil is needed at the end only; the guard sleeps until then

    end_marked(marker, grace=GRACE)
    record.unlink(missing_ok=True)


def main() -> None:
    """Wait for the supervisor's end, then sweep."""
    record, marker = Path(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it must see the end of those that these signals are meant for
    try:
        descriptor = os.open(record, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # the supervisor has ended already, and in order
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    sweep(record, marker)


if __name__ == "__main__":
    main()
