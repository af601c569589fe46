"""Making sure that a name in a folder outlives a power cut."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Write the folder's own entries to the disk: a file renamed or linked into it is there for good."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
