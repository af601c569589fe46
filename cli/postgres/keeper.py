"""The parent of the embedded PostgreSQL: starts it, stops it when nobody uses it any more, and dies with it.

Every user of the server holds a shared lock on one file; the keeper waits for the exclusive one, which the kernel
grants when the last user is gone, however it went. Run by path, with Python's `-I`: standard library only, so that it
starts quickly and depends on nothing that its environment or working directory may hold.
"""

import argparse
import ctypes
import fcntl
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

STOP_PATIENCE = 60.0
"""Seconds for a fast shutdown, which writes a last checkpoint; after that the log must do at the next start."""

_PR_SET_PDEATHSIG = 1
_PRIVATE = 0o077


def main() -> None:
    """Detach from whoever started us, run the server, and return when it has ended."""
    arguments = _parse()
    if os.fork():  # the child belongs to init from here on, so that no user is left with a zombie
        os._exit(0)
    server = _start(arguments.command, arguments.user, arguments.server_lock)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopping(server))
    ended = threading.Event()
    threading.Thread(target=_stop_when_unused, args=(arguments.users_lock, server, ended), daemon=True).start()
    status = server.wait()
    ended.set()
    sys.exit(status if status >= 0 else 128 - status)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run COMMAND until the last user of the lock file is gone.")
    parser.add_argument("--users-lock", type=Path, required=True, help="file that every user holds locked, shared")
    parser.add_argument("--server-lock", type=int, required=True, help="descriptor that the server shall inherit")
    parser.add_argument("--user", help="account that the server runs as; default: ours")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def _start(command: list[str], user: str | None, server_lock: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        umask=_PRIVATE,
        stdin=subprocess.DEVNULL,
        # All processes of the server inherit the lock: it is free when the very last of them is gone.
        pass_fds=[server_lock],
        preexec_fn=_die_with(os.getpid()),
    )


def _die_with(keeper: int) -> Callable[[], None] | None:
    """Return what makes the kernel stop the server when the keeper is killed; Linux only.

    It runs after the change of user, which would undo it. The signal is tied to the thread that forks: ours is the
    main thread, which lives as long as the keeper.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be imported after it

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != keeper:  # killed before the line above
            os._exit(1)

    return arrange


def _stopping(server: subprocess.Popen[bytes]) -> Callable[[int, FrameType | None], None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        server.send_signal(signal.SIGINT)

    return stop


def _stop_when_unused(users_lock: Path, server: subprocess.Popen[bytes], ended: threading.Event) -> None:
    descriptor = os.open(users_lock, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # held to our end: newcomers wait until the server is down
    server.send_signal(signal.SIGINT)
    if not ended.wait(STOP_PATIENCE):
        server.send_signal(signal.SIGQUIT)


if __name__ == "__main__":
    main()
