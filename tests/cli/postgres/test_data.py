"""The embedded server's directories: found by every start, and closed to everybody else."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.embedded_postgres import embedded_postgres
from cli.postgres.data import _initialise, prepare, socket_directory
from cli.postgres.errors import DataDirectoryUnusable


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that also takes the place of the system's one for temporary files."""
    with tempfile.TemporaryDirectory(prefix="sixfb-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def far(folder: Path) -> Path:
    """Return a home whose path is too long for a socket."""
    home = folder / ("far" * 20) / ("away" * 20)
    home.mkdir(parents=True, exist_ok=True)
    return home


def test_the_socket_is_beside_the_data(folder: Path) -> None:
    assert socket_directory(folder / "data", os.geteuid()) == folder / "socket"


def test_a_long_path_gets_a_short_private_socket(folder: Path) -> None:
    home = far(folder)
    with embedded_postgres(home) as server:
        assert server.socket_dir.parent == folder
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        with embedded_postgres(home) as second:
            assert second == server


def test_two_homes_do_not_share_a_short_socket(folder: Path) -> None:
    first, second = far(folder) / "a" / "data", far(folder) / "b" / "data"
    assert socket_directory(first, os.geteuid()) != socket_directory(second, os.geteuid())
    assert socket_directory(first, os.geteuid()) == socket_directory(first, os.geteuid())


def test_a_socket_directory_that_was_open_is_closed(folder: Path) -> None:
    (folder / "socket").mkdir()
    (folder / "socket").chmod(0o777)
    socket_directory(folder / "data", os.geteuid())
    assert stat.S_IMODE((folder / "socket").stat().st_mode) == 0o700


def test_a_socket_directory_that_leads_elsewhere_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "socket").symlink_to(folder / "elsewhere")
    with pytest.raises(DataDirectoryUnusable, match="not ours"):
        socket_directory(folder / "data", os.geteuid())


def test_a_socket_directory_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "socket").touch()
    with pytest.raises(DataDirectoryUnusable, match="not ours"):
        socket_directory(folder / "data", os.geteuid())


def test_a_socket_directory_that_somebody_else_made_is_refused(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a directory for somebody else")
    (folder / "socket").mkdir()
    os.chown(folder / "socket", 65534, 65534)
    with pytest.raises(DataDirectoryUnusable, match="not ours"):
        socket_directory(folder / "data", 12_345)


def test_roots_folders_are_opened_for_passing_only(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root runs the server as another account")
    root = folder / "home" / "postgres"
    root.mkdir(parents=True)
    (folder / "home").chmod(0o700)
    installation = prepare(root / "data")
    assert stat.S_IMODE((folder / "home").stat().st_mode) == 0o711
    assert (root / "data").stat().st_uid == installation.owner
    assert stat.S_IMODE((root / "data").stat().st_mode) == 0o700


def test_a_failed_initialisation_says_why(folder: Path) -> None:
    (folder / "occupied").mkdir()
    (folder / "occupied" / "file").touch()
    with pytest.raises(DataDirectoryUnusable, match=r"could not make(.|\n)*exists but is not empty"):
        _initialise(folder / "occupied")
