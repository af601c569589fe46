"""The integration's lock: one writer, whoever it is, and none once it is dead."""

import multiprocessing
import os
import signal
import threading
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection as Pipe

import pytest

from ingestion.control.database import connect
from ingestion.control.locks import AlreadyRunning, LockLost, integration_lock, integration_locks

pytestmark = pytest.mark.sql

ONE, OTHER = "0d6f1c9e-0000-4000-8000-00000000000a", "0d6f1c9e-0000-4000-8000-00000000000b"

HOLDER = """
    select pid from pg_locks inner join pg_database on pg_database.oid = database
    where locktype = 'advisory' and datname = current_database()
"""


def hold(url: str, ready: Pipe) -> None:
    """Take the lock, say so, and hold it until killed."""
    with integration_lock(url, ONE):
        ready.send("held")
        time.sleep(60)


def test_a_second_writer_is_refused_and_told_who_writes(database_url: str) -> None:
    with integration_lock(database_url, ONE), pytest.raises(AlreadyRunning, match=f"{ONE}.*database session \\d+"):
        ExitStack().enter_context(integration_lock(database_url, ONE))


def test_integrations_do_not_hold_each_other_up(database_url: str) -> None:
    with integration_lock(database_url, ONE), integration_lock(database_url, OTHER) as other:
        other.confirm()


def test_leaving_waits_until_the_server_has_let_go(database_url: str) -> None:
    """A closed connection is not enough: the next writer came before the server noticed, and was refused."""
    inside, leave = threading.Event(), threading.Event()

    def write() -> None:
        with integration_lock(database_url, ONE):
            inside.set()
            leave.wait(30)

    with connect(database_url, autocommit=True) as observer:
        writer = threading.Thread(target=write)
        writer.start()
        assert inside.wait(30)
        server_process = observer.execute(HOLDER).fetchone()
        assert server_process is not None
        os.kill(server_process[0], signal.SIGSTOP)
        try:
            leave.set()
            writer.join(0.3)
            assert writer.is_alive()
        finally:
            os.kill(server_process[0], signal.SIGCONT)
        writer.join(30)
        assert observer.execute(HOLDER).fetchone() is None


def test_the_lock_is_free_again_after_an_error(database_url: str) -> None:
    with pytest.raises(ZeroDivisionError), integration_lock(database_url, ONE):
        raise ZeroDivisionError
    with integration_lock(database_url, ONE):
        pass


@pytest.mark.slow
def test_the_death_of_its_holder_frees_it(database_url: str) -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    holder = multiprocessing.get_context("spawn").Process(target=hold, args=(database_url, sender))
    holder.start()
    try:
        assert receiver.poll(30)
        with pytest.raises(AlreadyRunning):
            ExitStack().enter_context(integration_lock(database_url, ONE))
    finally:
        holder.kill()
        holder.join()
    deadline = time.monotonic() + 5
    while True:
        try:
            with integration_lock(database_url, ONE):
                return
        except AlreadyRunning:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_writer_whose_session_was_ended_learns_it(database_url: str) -> None:
    with integration_lock(database_url, ONE) as lock:
        lock.confirm()
        with connect(database_url, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_locks inner join pg_database on pg_database.oid = database"
                " where locktype = 'advisory' and datname = current_database()"
            )
        with pytest.raises(LockLost, match="start the sync again"):
            lock.confirm()
        with integration_lock(database_url, ONE):  # and another may take over
            pass


def test_one_session_holds_the_locks_of_many_and_tells_who_has_the_others(database_url: str) -> None:
    third = "0d6f1c9e-0000-4000-8000-00000000000c"
    with (
        integration_lock(database_url, OTHER),
        integration_locks(database_url, [ONE, OTHER, third]) as locks,
        connect(database_url, autocommit=True) as observer,
    ):
        assert locks.held == {ONE, third}
        assert set(locks.busy) == {OTHER}
        assert "database session" in str(locks.busy[OTHER])
        assert len(set(observer.execute(HOLDER).fetchall())) == 2
        with pytest.raises(AlreadyRunning):
            ExitStack().enter_context(integration_lock(database_url, third))


def test_a_shop_that_is_asked_for_twice_is_free_again_afterwards(database_url: str) -> None:
    with integration_locks(database_url, [ONE, ONE]) as locks:
        assert locks.held == {ONE}
    with integration_lock(database_url, ONE):
        pass


def test_runs_over_the_same_shops_share_them_out_and_never_wait(database_url: str) -> None:
    with (
        integration_locks(database_url, [ONE, OTHER]) as first,
        integration_locks(database_url, [OTHER, ONE]) as second,
    ):
        assert first.held == {ONE, OTHER}
        assert second.held == frozenset()
        second.confirm()
