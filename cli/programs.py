"""The command lines of the programs that came with our Python packages."""

import sys
from pathlib import Path


def program(name: str, *arguments: str) -> list[str]:
    """Return the command line of a console script of this very environment, whatever PATH says."""
    return [str(Path(sys.executable).with_name(name)), *arguments]
