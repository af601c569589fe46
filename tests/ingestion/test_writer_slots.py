"""Working folders of writers: one each, and what the dead left in theirs is finished or, if it is too late, dropped."""

import fcntl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ingestion.loading import RawLoader
from ingestion.trafft.models import CUSTOMERS
from ingestion.writer_slots import WriterSlots
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.raw_log import TABLES, RawLog, open_raw_log
from tests.ingestion.sync_process import Errand, killed
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql


@pytest.fixture
def slots(database_url: str, tmp_path: Path) -> WriterSlots:
    return WriterSlots(database_url, TABLES, tmp_path / "dlt")


@pytest.fixture
def log(database_url: str, slots: WriterSlots) -> Iterator[RawLog]:
    with open_raw_log(database_url, slots.work_dir) as raw_log:
        yield raw_log


def test_writers_at_the_same_time_have_a_folder_each(slots: WriterSlots) -> None:
    with slots.take() as first, slots.take() as second:
        assert [first.writer, second.writer] == ["0", "1"]
        with slots.take() as third:
            assert third.writer == "2"
    with slots.take() as again:
        assert again.writer == "0"


def test_a_slot_is_not_drained_while_its_writer_lives(slots: WriterSlots, log: RawLog) -> None:
    with slots.take() as writer:
        extract_only(writer, log)
        slots.drain()
        assert log.rows("customers") == []
    slots.drain()
    assert len(log.rows("customers")) == 1


def test_who_takes_a_slot_waits_until_others_have_drained(slots: WriterSlots) -> None:
    slots.work_dir.mkdir()
    taken = threading.Event()

    def take() -> None:
        with slots.take():
            taken.set()

    with (slots.work_dir / "drain.lock").open("wb") as drain_lock:
        fcntl.flock(drain_lock, fcntl.LOCK_EX)
        writer = threading.Thread(target=take, daemon=True)
        writer.start()
        assert not taken.wait(0.3)
    assert taken.wait(30)


def test_a_folder_of_the_older_layout_is_finished_once_and_goes(slots: WriterSlots, log: RawLog) -> None:
    older = RawLoader(slots.url, TABLES, "5f6cfb2e6a5b4f3e9b0a0f2f3f9d7c01", slots.work_dir)
    extract_only(older, log)
    with slots.take():
        assert len(log.rows("customers")) == 1
    assert not list(slots.work_dir.glob("trafft_5f6c*"))


def extract_only(loader: RawLoader, log: RawLog) -> None:
    """Leave a package behind that was read and not loaded."""

    def no_further() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        loader.load(log.batches(log.observer(CUSTOMERS), [{"id": 1}]), before_load=no_further)


@dataclass(frozen=True)
class Pair:
    """Two connected shops of one installation."""

    killed: ConnectedShop
    other: ConnectedShop

    def kill_at(self, step: str) -> None:
        installation = self.killed.installation
        killed(Errand(installation.url, str(installation.work_dir), [self.killed.integration_id], kill_at=step))


@pytest.fixture
def pair(clock: Clock, database_url: str, tmp_path: Path) -> Iterator[Pair]:
    shops = [Shop.generate(seed=5, number=number, clock=clock, appointments=40) for number in (1, 2)]
    with running(Simulator(shops, clock=clock)) as url:
        yield Pair(*(connect_simulated(shop, url, database_url, tmp_path) for shop in shops))


@pytest.mark.slow
@pytest.mark.parametrize("step", ["extract", "normalize", "load"])
def test_what_a_killed_run_left_is_finished_by_the_next_whatever_its_shops(pair: Pair, step: str) -> None:
    pair.kill_at(step)
    assert pair.killed.latest("customers", "external_id") == []
    assert pair.other.sync().status == "success"
    work_dir = pair.other.installation.work_dir
    assert not list(work_dir.rglob("*.parquet")), "customers' data must not stay in files"
    assert not list(work_dir.glob("*.damaged-*"))
    left = {"extract": 0}.get(step, len(pair.killed.shop.truth().appointments))
    assert len(pair.killed.latest("appointments", "external_id")) == left
    report = pair.killed.sync()
    assert report.status == "success"
    assert report.resources["appointments"].new == len(pair.killed.shop.truth().appointments) - left
    assert pair.killed.rows("select status, count(*) from control.sync_operations group by 1 order by 1") == [
        ("failed", 1),
        ("success", 2),
    ]


@pytest.mark.slow
def test_a_package_whose_shop_was_synced_since_is_dropped(pair: Pair, tmp_path: Path) -> None:
    """As when its machine was away, or its writer hung on without its locks: what it would write is out of date."""
    pair.kill_at("load")
    booked = next(item.id for item in pair.killed.shop.truth().appointments if item.status == "approved")
    pair.killed.shop.cancel(booked)
    elsewhere = replace(
        pair.killed, installation=replace(pair.killed.installation, work_dir=tmp_path / "another machine")
    )
    assert elsewhere.sync().status == "success"
    rows = f"select count(*) from raw_trafft.appointments where integration_id = '{pair.killed.integration_id}'"
    before = pair.killed.rows(rows)
    pair.other.sync()
    assert pair.killed.rows(rows) == before
    assert (booked, "canceled") in elsewhere.latest("appointments", "external_id, status")
