"""The embedded server after accidents: nothing is left running, nothing that was committed is lost."""

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

import cli.embedded_postgres
from cli.embedded_postgres import EmbeddedPostgres, embedded_postgres
from cli.postgres.data import prepare
from cli.postgres.errors import DataDirectoryUnusable, EmbeddedPostgresFailed
from cli.postgres.locks import lock_file, try_lock
from cli.postgres.place import Place
from tests.cli.postgres.users import another_user, processes_of, server_of, wait_gone, wait_quiet


@pytest.fixture(scope="module")
def used_home() -> Iterator[Path]:
    """Return a home with a table in its database."""
    with tempfile.TemporaryDirectory(prefix="sixfb-") as folder:
        home = Path(folder) / "home"
        with embedded_postgres(home) as server, psycopg.connect(server.url) as connection:
            connection.execute("create table kept as select 0 as answer")
        yield home
        wait_quiet(home)


@pytest.fixture
def home(used_home: Path) -> Path:
    """Return the home with 42 in its table, and no server running. Every test leaves it whole."""
    with embedded_postgres(used_home) as server, psycopg.connect(server.url) as connection:
        connection.execute("update kept set answer = 42")
    wait_quiet(used_home)
    return used_home


def answer(server: EmbeddedPostgres) -> int:
    """Return what the table holds."""
    with psycopg.connect(server.url) as connection:
        return int(connection.execute("select answer from kept").fetchall()[0][0])


def test_a_killed_user_leaves_nothing_running(home: Path) -> None:
    with another_user(home) as user:
        server = server_of(user)
        running = [server, *server.parents()[:1], *server.children(recursive=True)]
        user.kill()
        user.wait()
        wait_gone(*running)
    assert "database system is shut down" in (home / "postgres/server.log").read_text()


def test_a_killed_user_does_not_take_the_server_from_others(home: Path) -> None:
    with embedded_postgres(home) as server, another_user(home) as user:
        assert server_of(user).pid == server.pid
        user.kill()
        user.wait()
        assert answer(server) == 42
        server.check()


def test_a_killed_keeper_takes_the_server_with_it(home: Path) -> None:
    with embedded_postgres(home) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("update kept set answer = 43")
        running = processes_of(server)
        running[0].kill()
        wait_gone(*running)
        with pytest.raises(EmbeddedPostgresFailed, match=f"process {server.pid}.*has ended"):
            server.check()
        with embedded_postgres(home) as next_one:
            assert answer(next_one) == 43


def test_a_start_right_after_the_keeper_was_killed_waits_for_the_old_server(home: Path) -> None:
    with embedded_postgres(home) as server:
        processes_of(server)[0].kill()
        with embedded_postgres(home) as next_one:
            assert next_one.pid != server.pid
            assert answer(next_one) == 42


def test_a_killed_server_is_noticed_and_recovers(home: Path) -> None:
    with embedded_postgres(home) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("update kept set answer = 44")
        running = processes_of(server)
        os.kill(server.pid, signal.SIGKILL)
        wait_gone(*running)
        with pytest.raises(EmbeddedPostgresFailed, match="What was committed is safe"):
            server.check()
        with embedded_postgres(home) as next_one:
            assert answer(next_one) == 44
            server.check()


def test_a_keeper_asked_to_end_sees_the_server_end_first(home: Path) -> None:
    with embedded_postgres(home) as server:
        keeper, postmaster, *others = processes_of(server)
        with held_up(postmaster):
            keeper.terminate()
            time.sleep(0.2)
            assert keeper.is_running()
            assert keeper.status() != psutil.STATUS_ZOMBIE
        wait_gone(keeper, postmaster, *others)


def test_a_server_without_its_keeper_still_holds_its_lock(home: Path) -> None:
    with embedded_postgres(home) as server, lock_file(server.place.lock("server")) as lock:
        keeper, postmaster, *others = processes_of(server)
        with held_up(postmaster):
            keeper.kill()
            wait_gone(keeper)
            assert not try_lock(lock, fcntl.LOCK_EX)
        wait_gone(postmaster, *others)
        assert try_lock(lock, fcntl.LOCK_EX, patience=5)


@contextmanager
def held_up(process: psutil.Process) -> Iterator[None]:
    """Keep the process from running for a while, whatever signal it gets."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_a_pid_file_left_by_a_power_cut_does_not_matter(home: Path) -> None:
    leave_pid_file(home, 4_194_000)
    with embedded_postgres(home) as server:
        assert answer(server) == 42


def test_nor_when_its_number_belongs_to_another_program_now(home: Path) -> None:
    account = prepare(home / "postgres/data").account
    program = subprocess.Popen(["sleep", "60"], user=account)
    try:
        leave_pid_file(home, program.pid)
        with embedded_postgres(home) as server:
            assert answer(server) == 42
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()


def test_nor_while_the_dead_server_is_not_buried(home: Path) -> None:
    installation = prepare(home / "postgres/data")
    zombie = subprocess.Popen(
        [installation.programs / "postgres", "--version"], user=installation.account, stdout=subprocess.DEVNULL
    )
    while psutil.Process(zombie.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    leave_pid_file(home, zombie.pid)
    try:
        with embedded_postgres(home) as server:
            assert answer(server) == 42
    finally:
        zombie.wait()


def leave_pid_file(home: Path, number: int) -> None:
    """Write what a server that had no time to remove it leaves behind."""
    data = home / "postgres/data"
    lines = [number, data, 1_700_000_000, 5432, home / "postgres/socket", "", "1234567 7", "ready"]
    for path in (data / "postmaster.pid", home / "postgres/socket/.s.PGSQL.5432.lock"):
        path.write_text("".join(f"{line}\n" for line in lines))


def test_an_orphan_that_no_kernel_stopped_is_stopped_by_the_next_start(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.embedded_postgres, "_ORPHAN_PATIENCE", 0.1)
    place = Place(home.resolve() / "postgres")
    installation = prepare(place.data)
    with lock_file(place.lock("server")) as lock:
        assert try_lock(lock, fcntl.LOCK_EX)
        command = cli.embedded_postgres._command(place, installation, place.root / "socket", lock)
        orphan = subprocess.Popen(
            command[command.index("--") + 1 :],
            user=installation.account,
            pass_fds=[lock],
            stderr=subprocess.DEVNULL,
            umask=0o077,
        )
    with embedded_postgres(home) as server:
        assert orphan.wait(10) == 0
        assert server.pid != orphan.pid
        assert answer(server) == 42


def test_a_failed_start_shows_what_the_server_said(home: Path) -> None:
    failure = pytest.raises(EmbeddedPostgresFailed, match=r"did not start(.|\n)*shared_buffer")
    with changed(home / "postgres/data/postgresql.auto.conf", "shared_buffer = 'plenty'\n"), failure:
        ExitStack().enter_context(embedded_postgres(home))


def test_an_initialisation_that_was_cut_off_is_done_again(home: Path) -> None:
    unfinished = home / "second/postgres/initialising-abc"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with embedded_postgres(home / "second") as server:
        server.check()
    wait_quiet(home / "second")
    assert not unfinished.exists()


def test_a_data_directory_without_its_version_is_left_alone(home: Path) -> None:
    with changed(home / "postgres/data/PG_VERSION", None):
        before = sorted(path.name for path in (home / "postgres/data").iterdir())
        with pytest.raises(DataDirectoryUnusable, match="not a readable PostgreSQL data directory"):
            ExitStack().enter_context(embedded_postgres(home))
        assert sorted(path.name for path in (home / "postgres/data").iterdir()) == before


def test_a_data_directory_of_another_major_version_is_refused(home: Path) -> None:
    refusal = pytest.raises(DataDirectoryUnusable, match=r"made by PostgreSQL 17, and this release brings 18.*dump")
    with changed(home / "postgres/data/PG_VERSION", "17\n"), refusal:
        ExitStack().enter_context(embedded_postgres(home))
    with embedded_postgres(home) as server:
        assert answer(server) == 42


def test_a_data_directory_of_another_user_is_refused(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    data = home / "postgres/data"
    owner = data.stat()
    os.chown(data, 65534, 65534)
    try:
        with pytest.raises(DataDirectoryUnusable, match=r"belongs to nobody.*chown"):
            ExitStack().enter_context(embedded_postgres(home))
    finally:
        os.chown(data, owner.st_uid, owner.st_gid)


@contextmanager
def changed(path: Path, text: str | None) -> Iterator[None]:
    """Give the file another content, or take it away, for a while."""
    aside = path.rename(path.with_suffix(".aside"))
    if text is not None:
        path.write_text(text)
    try:
        yield
    finally:
        aside.replace(path)
