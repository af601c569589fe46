"""Incremental reads: they stop early only where the order is proven, and say what they did."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingestion.trafft.recent import SORT_FIELDS, RecentReport, SortKey, newest_first
from ingestion.trafft.values import moment
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account


def read_back(
    account: Account, until: datetime, *, sort_by: SortKey = "created_at", page_size: int = 25
) -> tuple[set[str], RecentReport]:
    """Return the ids shown, and the report, of a read down to that moment."""
    field, zone = SORT_FIELDS[sort_by], ZoneInfo(account.shop.timezone)

    def is_older(record: Mapping[str, Any]) -> bool:
        at = moment(record[field], zone)
        return at is not None and at < until

    read = newest_first(account.client, "appointments", sort_by=sort_by, until=is_older, page_size=page_size)
    ids = [str(record["id"]) for page in read for record in page.records]
    assert read.report
    assert len(ids) == len(set(ids)) == read.report.distinct_ids
    return set(ids), read.report


def since(account: Account, until: datetime, attribute: str) -> set[str]:
    return {one.id for one in account.shop.truth().appointments if getattr(one, attribute) >= until}


@pytest.mark.parametrize("times", ["naive", "iso_utc", "iso_offset", "epoch", "epoch_ms"])
def test_a_list_that_comes_newest_first_is_read_only_as_far_as_needed(times: Any) -> None:
    account = open_account(Modes(times=times))
    until = START - timedelta(days=30)
    ids, report = read_back(account, until)
    wanted = since(account, until, "created_at")
    assert wanted <= ids
    assert len(ids - wanted) >= 25  # a whole page of them, not only the first that is too old
    assert (report.stopped_early, report.is_ordered) == (True, True)
    assert report.pages < 6
    assert "a whole page was older" in report.reason
    assert account.asked("appointments")[0].query == "sort_by=created_at&sort_order=desc&page=1&limit=25"


def test_one_whole_page_beyond_the_bound_is_read() -> None:
    account = open_account()
    ids, report = read_back(account, START + timedelta(days=1))
    assert (report.pages, report.stopped_early, len(ids)) == (1, True, 25)


def test_an_order_that_is_ignored_is_found_out_at_once() -> None:
    account = open_account(Modes(sorting="ignored"))
    _, report = read_back(account, START - timedelta(days=2), sort_by="start_time")
    assert (report.pages, report.stopped_early, report.is_ordered, report.is_proven) == (1, False, False, False)
    assert "did not come newest first" in report.reason


def test_an_order_by_start_that_is_honoured_stops_early_too() -> None:
    account = open_account(Modes(sorting="honoured"))
    until = START - timedelta(days=2)
    ids, report = read_back(account, until, sort_by="start_time")
    assert since(account, until, "starts_at") <= ids
    assert report.stopped_early
    assert report.pages < 8


def test_records_that_were_all_made_at_once_prove_no_order() -> None:
    account = open_account()
    for _ in range(60):
        account.shop.add_appointment(starts_at=START)
    _, report = read_back(account, START + timedelta(seconds=1))
    assert report.pages > 1  # two pages of equal moments pass before the first fall


def test_one_record_without_a_date_ends_the_proof() -> None:
    account = open_account()
    account.shop.add_raw_record("appointments", {"id": 999_999, "created_at": None})
    _, report = read_back(account, START + timedelta(days=1))
    assert (report.stopped_early, report.is_ordered, report.is_proven) == (False, False, False)


@pytest.mark.parametrize("sort_by", ["created_at", "start_time"])
def test_rows_that_slip_between_two_pages_end_the_proof(sort_by: SortKey) -> None:
    account = open_account(Modes(sorting="honoured"))
    key = "created_at" if sort_by == "created_at" else "starts_at"
    newest = sorted(account.shop.truth().appointments, key=lambda one: getattr(one, key))[-8:]

    def delete_the_newest(pages: int) -> None:
        if pages == 1:
            for one in newest:
                account.shop.delete_appointment(one.id)

    account.simulator.after_each_page("appointments", delete_the_newest)
    until = START - timedelta(days=60)
    ids, report = read_back(account, until, sort_by=sort_by)
    assert since(account, until, key) - ids
    assert (report.has_moved, report.is_proven, report.stopped_early) == (True, False, False)
    assert "rows moved" in report.reason


def test_a_record_without_an_id_says_nothing_of_the_order() -> None:
    account = open_account()
    account.shop.add_raw_record("appointments", "poison")
    field = SORT_FIELDS["created_at"]
    read = newest_first(
        account.client, "appointments", sort_by="created_at", until=lambda record: bool(record[field]), page_size=25
    )
    shown = [record for page in read for record in page.records]
    assert "poison" in shown
    assert read.report
    assert read.report.stopped_early


def test_bookings_made_meanwhile_neither_stop_the_reading_nor_count_twice() -> None:
    account = open_account()

    def book(_pages: int) -> None:
        account.simulator.clock.advance(timedelta(seconds=1))
        account.shop.add_appointment(starts_at=datetime(2026, 4, 1, 9, tzinfo=UTC))

    account.simulator.after_each_page("appointments", book)
    until = START - timedelta(days=60)
    before = since(account, until, "created_at")
    ids, report = read_back(account, until)
    assert before <= ids
    assert report.stopped_early


def test_a_short_list_is_read_to_its_end() -> None:
    account = open_account(appointments=40)
    ids, report = read_back(account, START - timedelta(days=3650))
    assert ids == {one.id for one in account.shop.truth().appointments}
    assert (report.stopped_early, report.is_ordered, report.reason) == (False, True, "the list ended")
