"""A disk of a megabyte or two that can be filled: a tmpfs, which only root may mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_FILLER = "filler"
_BLOCK = 4096


@dataclass(frozen=True)
class SmallDisk:
    """A mounted file system of a fixed size."""

    root: Path

    def fill(self, *, leave: int) -> None:
        """Write a file until only about `leave` bytes are free."""
        facts = os.statvfs(self.root)
        size = max(facts.f_bavail * facts.f_frsize - leave, 0)
        with (self.root / _FILLER).open("wb") as stream, suppress(OSError):
            for _ in range(size // _BLOCK):
                stream.write(b"\0" * _BLOCK)

    def relieve(self) -> None:
        """Give the space back."""
        (self.root / _FILLER).unlink(missing_ok=True)


@contextmanager
def small_disk(size: int, *, owner: int | None = None) -> Iterator[SmallDisk | None]:
    """Mount a disk of `size` bytes, for the user id `owner`; yields None where that is not permitted."""
    with TemporaryDirectory(prefix="sixfb-disk-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        if not _mount(path, size):
            yield None
            return
        try:
            if owner is not None:
                shutil.chown(path, owner)
            yield SmallDisk(path)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True, capture_output=True)


def _mount(path: Path, size: int) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(path)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
