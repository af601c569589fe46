"""The errors of the command line: what was wrong, where, and what to do; shown without a traceback."""

from pathlib import Path


class CommandError(Exception):
    """A failure that the person at the terminal can do something about; its text is the whole message."""


class HomeUnusable(CommandError):
    """SIXFB_HOME cannot hold our state."""

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(
            f"The home {root} cannot be used: {reason}. "
            "Set SIXFB_HOME to a folder that you own, or mend its permissions."
        )


class AlreadyUp(CommandError):
    """Another `sixfb up` or `sixfb demo` holds this home."""

    def __init__(self, root: Path, holder: str) -> None:
        super().__init__(
            f"{holder} already runs on {root}. Stop it with Ctrl-C in its terminal, or let it be and use it; "
            "for a second, separate installation set SIXFB_HOME to another folder."
        )


class DatabaseTaken(CommandError):
    """A `sixfb up` or `sixfb demo` of another home, perhaps on another machine, works on the same database."""

    def __init__(self) -> None:
        super().__init__(
            "Another sixfb runs on this database, from another home or another machine. Stop that one, "
            "or give this one a database of its own in DATABASE_URL."
        )


class ServiceFailed(CommandError):
    """A supervised process died, or did not become ready in time."""

    def __init__(self, name: str, what: str, log: Path, tail: str) -> None:
        self.name = name
        shown = f"\nThe last lines of {log}:\n{tail}" if tail else f" Its log {log} is empty."
        super().__init__(f"{name} {what}.{shown}")
