"""Loads into the version log: what a kill leaves behind is finished or read again, and never shows half."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingestion.control.database import connect
from ingestion.loading import ensure_raw_tables
from ingestion.trafft.models import CUSTOMERS
from ingestion.versions import Batch, Counts
from tests.ingestion.raw_log import RawLog, open_raw_log

pytestmark = pytest.mark.sql

KILLED_LOAD = """
import os, signal, sys
from pathlib import Path
from ingestion.trafft.models import CUSTOMERS
from tests.ingestion.raw_log import open_raw_log

url, work_dir, step, inside = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
with open_raw_log(url, work_dir) as log:
    loader = log.loader()

    def killed(*arguments, **options):
        os.kill(os.getpid(), signal.SIGKILL)

    if inside:
        from dlt.destinations.impl.postgres.postgres import PostgresClient
        setattr(PostgresClient, inside, killed)
    else:
        setattr(loader._pipeline, step, killed)
    observer = log.observer(CUSTOMERS)
    loader.load(log.batches(observer, [{"id": number, "first_name": "A"} for number in range(50)]))
"""


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[RawLog]:
    with open_raw_log(database_url, tmp_path) as raw_log:
        yield raw_log


def known(log: RawLog) -> int:
    return len(log.log.latest("customers", [str(number) for number in range(50)]))


def kill_during(step: str, log: RawLog, *, inside: str = "") -> None:
    """Kill a loading process at the beginning of a step, or at a call of dlt's inside it."""
    arguments = [sys.executable, "-W", "ignore", "-c", KILLED_LOAD, log.url, str(log.work_dir), step, inside]
    done = subprocess.run(arguments, check=False, capture_output=True, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.slow
@pytest.mark.parametrize("step", ["normalize", "load"])
def test_a_load_killed_between_its_steps_is_finished_by_the_next(log: RawLog, step: str) -> None:
    kill_during(step, log)
    assert known(log) == 0
    assert log.loader().drain() is True
    assert known(log) == 50
    assert log.loader().drain() is False


@pytest.mark.slow
def test_a_damaged_package_is_given_up_and_its_records_are_read_again(log: RawLog) -> None:
    kill_during("load", log)
    for file in log.work_dir.rglob("*.parquet"):
        file.write_bytes(b"the disk was full")
    assert log.loader().drain() is True
    assert known(log) == 0
    assert log.look(CUSTOMERS, [{"id": number, "first_name": "A"} for number in range(50)]).new == 50
    assert known(log) == 50


@pytest.mark.parametrize("victim", ["state.json", "*.schema.json", "load/.version", "normalize/.version"])
def test_a_damaged_working_folder_is_set_aside_and_the_sync_goes_on(log: RawLog, victim: str) -> None:
    log.look(CUSTOMERS, [{"id": 1}])
    damaged = [path for path in log.work_dir.rglob("*") if path.match(victim)]
    assert damaged
    for path in damaged:
        path.write_text("")
    loader = log.loader()
    loader.drain()
    loader.load(log.batches(log.observer(CUSTOMERS), [{"id": 1}, {"id": 2}]))
    assert len(log.rows("customers")) == 2
    assert list(log.work_dir.glob("*.damaged-*"))


@pytest.mark.slow
def test_a_load_killed_after_its_rows_were_written_repeats_them_and_shows_each_once(log: RawLog) -> None:
    kill_during("load", log, inside="complete_load")
    assert known(log) == 0
    assert log.loader().drain() is True
    assert known(log) == 50
    assert log.look(CUSTOMERS, [{"id": number, "first_name": "A"} for number in range(50)]) == Counts(seen=50)


def test_rows_of_a_load_that_never_completed_count_for_nothing(log: RawLog) -> None:
    log.look(CUSTOMERS, [{"id": 1}])
    log.log.connection.execute("delete from raw_trafft._dlt_loads")
    assert log.log.latest("customers", ["1"]) == {}
    assert list(log.log.live_ids("customers")) == []
    assert log.look(CUSTOMERS, [{"id": 1}]).new == 1


def test_a_stream_that_fails_loads_nothing(log: RawLog) -> None:
    def stream() -> Iterator[Batch]:
        yield from log.batches(log.observer(CUSTOMERS), [{"id": 1}])
        raise ConnectionError("the booking system went away")

    with pytest.raises(Exception, match="the booking system went away"):
        log.loader().load(stream())
    log.loader().drain()
    assert log.rows("customers") == []


def test_the_error_of_a_stream_comes_out_as_it_was_raised(log: RawLog) -> None:
    def stream() -> Iterator[Batch]:
        yield from log.batches(log.observer(CUSTOMERS), [{"id": 1}])
        raise ConnectionError("the booking system went away")

    with pytest.raises(ConnectionError):
        log.loader().load(stream())


def test_an_empty_stream_makes_no_load(log: RawLog) -> None:
    assert log.loader().load(iter(())).load_ids == []
    assert log.log.connection.execute("select count(*) from raw_trafft._dlt_loads").fetchone() == (0,)


def test_the_working_folder_is_not_needed_after_a_load(log: RawLog, tmp_path: Path) -> None:
    log.look(CUSTOMERS, [{"id": 1}])
    log.work_dir = tmp_path / "another"
    assert log.look(CUSTOMERS, [{"id": 1}, {"id": 2}]).new == 1


def test_raw_tables_are_made_once_by_many_callers(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_ensure_in_a_process, [empty_database_url] * 4))
    with connect(empty_database_url) as connection:
        rows = connection.execute("select table_name from information_schema.tables where table_schema = 'raw_trafft'")
        tables = {name for (name,) in rows}
    assert {"appointments", "customers", "services", "employees", "locations", "quarantine", "_dlt_loads"} <= tables


def test_making_the_raw_tables_again_keeps_their_rows(log: RawLog) -> None:
    log.look(CUSTOMERS, [{"id": 1}])
    ensure_raw_tables(log.url)
    assert len(log.rows("customers")) == 1


def _ensure_in_a_process(url: str) -> None:
    code = "import sys; from ingestion.loading import ensure_raw_tables; ensure_raw_tables(sys.argv[1])"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, url], check=True)
