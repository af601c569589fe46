"""The embedded server in use: one for all, tuned, private, and configured to keep what it was given."""

import fcntl
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import psycopg2
import pytest
import sqlalchemy

from cli.embedded_postgres import EmbeddedPostgres, embedded_postgres
from cli.postgres.errors import EmbeddedPostgresFailed
from cli.postgres.locks import lock_file, try_lock
from cli.postgres.place import Place
from ingestion.control.database import split_url, sqlalchemy_url
from tests.cli.postgres.users import another_user, processes_of, server_and_child_of, server_of, wait_gone, wait_quiet


@pytest.fixture(scope="module")
def server(short_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a server that the tests of this module only look at."""
    with embedded_postgres(short_folder / "shared") as server:
        yield server


@pytest.fixture
def home(short_folder: Path) -> Path:
    """Return a home on which no server runs; it has been used before, but for the first test."""
    wait_quiet(short_folder / "quiet")
    return short_folder / "quiet"


def setting(url: str, name: str) -> str:
    """Return a setting as the server sees it."""
    with psycopg.connect(url) as connection:
        return str(connection.execute("select current_setting(%s)", (name,)).fetchall()[0][0])


def test_the_url_leads_to_our_server(server: EmbeddedPostgres, short_folder: Path) -> None:
    assert server.url.startswith("postgresql://postgres:x@localhost:5432/sixfb?host=/")
    assert Path(setting(server.url, "data_directory")) == (short_folder / "shared/postgres/data").resolve()


def test_all_clients_reach_it_by_the_one_url(server: EmbeddedPostgres) -> None:
    parts = split_url(server.url)
    with psycopg.connect(host=parts.host, port=parts.port, user=parts.user, dbname=parts.dbname) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    engine = sqlalchemy.create_engine(sqlalchemy_url(server.url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as session:
        assert session.scalar(sqlalchemy.text("select current_database()")) == "sixfb"
    connection = psycopg2.connect(server.url)
    connection.close()


def test_a_second_start_finds_the_running_server(server: EmbeddedPostgres, short_folder: Path) -> None:
    with embedded_postgres(short_folder / "shared") as second:
        assert second == server
    assert setting(server.url, "server_version").startswith("18.")


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
def test_nothing_that_keeps_data_safe_is_off(server: EmbeddedPostgres, name: str) -> None:
    assert setting(server.url, name) == "on"


def test_names_sort_the_same_everywhere(server: EmbeddedPostgres) -> None:
    query = (
        "select datlocprovider::text, datlocale, pg_encoding_to_char(encoding) from pg_database where datname = 'sixfb'"
    )
    with psycopg.connect(server.url) as connection:
        assert connection.execute(query).fetchall() == [("b", "C.UTF-8", "UTF8")]


def test_nobody_else_can_reach_it(server: EmbeddedPostgres) -> None:
    assert setting(server.url, "listen_addresses") == ""
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert server.socket_dir.stat().st_uid == psutil.Process(server.pid).uids().real
    assert not psutil.Process(server.pid).net_connections("inet")
    assert stat.S_IMODE((server.socket_dir / ".s.PGSQL.5432").stat().st_mode) == 0o700
    closed = [*server.place.root.glob("*.lock"), server.place.log]
    assert {stat.S_IMODE(path.stat().st_mode) for path in closed} == {0o600}


def test_the_server_knows_nothing_of_our_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCRYPTION_KEY", "hush")
    monkeypatch.setenv("PGPORT", "7777")
    with embedded_postgres(home) as server:
        assert not psutil.Process(server.pid).environ().keys() & {"ENCRYPTION_KEY", "PGPORT"}
        assert setting(server.url, "port") == "5432"


def test_the_next_start_finds_the_data(home: Path) -> None:
    with embedded_postgres(home) as server, psycopg.connect(server.url) as connection:
        connection.execute("create table if not exists kept as select 42 as answer")
    with embedded_postgres(home) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_the_last_user_to_leave_stops_it(home: Path) -> None:
    with embedded_postgres(home) as first:
        running = processes_of(first)
        with embedded_postgres(home):
            pass
        first.check()
        assert setting(first.url, "fsync") == "on"
    wait_gone(*running)
    assert "database system is shut down" in first.place.log.read_text()


def test_processes_that_start_at_once_get_one_server(home: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(another_user(home)) for _ in range(3)]
        assert len({server_of(user).pid for user in users}) == 1


def test_users_that_come_while_it_stops_get_a_running_one(home: Path) -> None:
    def use(_: int) -> str:
        with embedded_postgres(home) as server:
            return setting(server.url, "fsync")

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(use, range(24))) == {"on"}


def test_a_program_that_a_killed_user_ran_does_not_keep_it_alive(home: Path) -> None:
    with another_user(home, with_child="program") as user:
        server, program = server_and_child_of(user)
        user.kill()
        wait_gone(server)
        assert program.name() == "sleep"
        program.kill()


def test_a_fork_of_a_user_that_left_does_not_keep_it_alive(home: Path) -> None:
    with another_user(home, with_child="fork") as user:
        server, fork = server_and_child_of(user)
        assert user.stdin is not None
        user.stdin.close()
        wait_gone(server)
        assert fork.is_running()
        fork.kill()


def test_it_runs_for_an_ordinary_user_too(short_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests have run as an ordinary user")
    if not may_run("nobody", sys.executable):
        pytest.skip("this Python lies in a folder that ordinary users cannot enter")
    home = short_folder / "ordinary"
    home.mkdir()
    shutil.chown(home, "nobody")
    short_folder.chmod(0o711)
    with another_user(home, account="nobody") as user:
        assert server_of(user).username() == "nobody"
    wait_quiet(home)


def may_run(account: str, program: str) -> bool:
    """Tell whether the account can run the program."""
    try:
        return subprocess.run([program, "-c", ""], user=account, extra_groups=[], check=False).returncode == 0
    except PermissionError:
        return False


def test_another_users_home_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may enter every home")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/users.lock").touch(mode=0o000)
    with pytest.raises(EmbeddedPostgresFailed, match="belongs to another user"):
        ExitStack().enter_context(embedded_postgres(tmp_path))


def test_a_url_that_leads_to_another_server_is_noticed(server: EmbeddedPostgres, tmp_path: Path) -> None:
    place = Place(tmp_path / "postgres")
    place.data.mkdir(parents=True)
    (place.data / "postmaster.pid").write_text(f"1\n{place.data}\n0\n5432\n{server.socket_dir}\n\n0\nready\n")
    with lock_file(place.lock("keeper")) as keeper:
        assert try_lock(keeper, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedPostgresFailed, match="leads to one on"):
            ExitStack().enter_context(embedded_postgres(tmp_path))
