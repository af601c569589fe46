"""The version log through repetition, poison and return: states that come back, records nobody can read, no change."""

import random
from pathlib import Path
from typing import Any

import pytest

from ingestion.trafft.models import CUSTOMERS
from simulator.shop import Shop
from tests.ingestion.raw_log import open_raw_log
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql

LISTS = ["appointments", "customers", "employees", "locations", "services"]


@pytest.fixture
def connected(shop: Shop, simulator_url: str, database_url: str, tmp_path: Path) -> ConnectedShop:
    return connect_simulated(shop, simulator_url, database_url, tmp_path)


def test_five_hundred_records_that_go_back_and_forth_end_in_their_last_form(database_url: str, tmp_path: Path) -> None:
    """A → B → A → B with bodies that are equal to the byte: whoever drops what was seen before keeps the wrong one."""
    dice = random.Random(6)
    with open_raw_log(database_url, tmp_path) as log:
        last: dict[str, str] = {}
        for _ in range(6):
            last = {str(number): dice.choice("AB") for number in range(500)}
            log.look(CUSTOMERS, [{"id": key, "first_name": name} for key, name in last.items()])
        rows = log.rows("customers", "external_id, first_name")  # in the order of their observation
        assert dict(rows) == last
        written = len(rows)
        log.look(CUSTOMERS, [{"id": key, "first_name": name} for key, name in last.items()])
        assert len(log.rows("customers")) == written


def test_poison_in_every_list_is_kept_aside_and_everything_else_lands(connected: ConnectedShop) -> None:
    long = "x" * 1_000_000
    for name in LISTS:
        connected.shop.add_raw_record(name, {"id": None, "name": name})  # type: ignore[arg-type]  # a case's text
        connected.shop.add_raw_record(name, ["no object"])  # type: ignore[arg-type]  # the same
        connected.shop.add_raw_record(name, {"id": {"wrong": "type"}, "note": long})  # type: ignore[arg-type]  # the same
    report = connected.sync()
    assert report.status == "partial"
    truth = connected.shop.truth().counts
    for name in LISTS:
        counts = report.resources[name]
        assert (counts.quarantined, counts.new, counts.complete) == (3, truth[name], True), name
    reasons = connected.rows("select resource, count(distinct reason) from raw_trafft.quarantine group by resource")
    assert sorted(reasons) == [(name, 3) for name in LISTS]
    assert connected.rows("select max(length(payload::text)) > 1000000 from raw_trafft.quarantine") == [(True,)]
    again = connected.sync()
    assert [again.resources[name].new for name in LISTS] == [0] * 5
    assert connected.rows("select count(*) from raw_trafft.quarantine") == [(15,)]


def test_an_unchanged_shop_leaves_every_row_as_it_is(connected: ConnectedShop) -> None:
    connected.sync()
    before = fingerprints(connected)
    for sync_type in ("full", "incremental", "appointments", "customers", "backfill", "webhook"):
        report = connected.sync(sync_type)
        assert {(counts.new, counts.changed, counts.gone) for counts in report.resources.values()} == {(0, 0, 0)}
        assert report.status == "success"
    assert fingerprints(connected) == before


def fingerprints(connected: ConnectedShop) -> dict[str, list[tuple[Any, ...]]]:
    """Where each row stands and which transaction wrote it: an update, or a row written anew, shows in both."""
    return {
        name: connected.rows(
            f"select ctid::text, xmin::text, external_id, row_hash from raw_trafft.{name} order by ctid"
        )
        for name in LISTS
    }
