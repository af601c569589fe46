"""Incremental reads of appointments: what is new and what is near, and everything where the account does not sort."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ingestion.reading import Aim
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account
from tests.ingestion.trafft.reading import UNSORTED, Read, read

SINCE = START - timedelta(days=2)
WINDOW = timedelta(days=60)
SORTED = Modes(sorting="honoured")
INCREMENTAL = Aim("incremental")


@pytest.fixture(autouse=True)
def every_list_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.trafft.source.SMALL_LIST", 100)


def all_of(account: Account) -> set[str]:
    return {one.id for one in account.shop.truth().appointments}


def near(account: Account) -> set[str]:
    return {
        one.id
        for one in account.shop.truth().appointments
        if one.created_at >= SINCE or one.starts_at >= START - WINDOW
    }


def incremental(account: Account) -> Read:
    return read(account, "appointments", INCREMENTAL, since=SINCE)


def test_what_is_new_or_near_is_read_once_and_the_rest_left_out() -> None:
    account = open_account(SORTED, appointments=900)
    found = incremental(account)
    assert near(account) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids)) < len(all_of(account)) / 2
    assert (found.outcome.is_complete, found.outcome.is_sweep, found.outcome.note) == (True, False, None)


def test_a_short_list_is_read_whole_and_is_no_sweep() -> None:
    account = open_account(appointments=60)
    found = incremental(account)
    assert (set(found.ids), found.outcome.is_sweep, found.outcome.note) == (all_of(account), False, None)


def test_an_account_that_does_not_sort_is_read_whole_and_the_note_says_so() -> None:
    account = open_account(Modes(sorting="ignored"), appointments=400)
    found = incremental(account)
    assert (set(found.ids), found.outcome.is_complete) == (all_of(account), True)
    assert len(found.ids) == len(set(found.ids))
    assert "by start_time: the list did not come newest first, so the whole list was read" in str(found.outcome.note)


def test_what_the_probe_found_saves_the_attempt_and_proves_nothing() -> None:
    account = open_account(SORTED, appointments=400)
    found = read(account, "appointments", INCREMENTAL, since=SINCE, capabilities=UNSORTED)
    assert (set(found.ids), found.outcome.is_complete) == (all_of(account), True)
    assert "the probe of this account found that it does not sort so" in str(found.outcome.note)
    assert not [seen for seen in account.asked("appointments") if "sort_order=desc" in seen.query]


def after_page(account: Account, number: int, action: Callable[[], object]) -> None:
    def on_page(pages: int) -> None:
        if pages == number:
            action()

    account.simulator.after_each_page("appointments", on_page)


def test_rows_that_slip_between_two_pages_are_read_all_the_same() -> None:
    account = open_account(SORTED, appointments=900)
    newest = sorted(account.shop.truth().appointments, key=lambda one: one.created_at)[-8:]

    # The first page tells the total; the second is the first of the newest.
    def delete_them() -> None:
        for one in newest:
            account.shop.delete_appointment(one.id)

    after_page(account, 2, delete_them)
    found = incremental(account)
    assert near(account) <= set(found.ids)
    assert found.outcome.is_complete


def test_rows_that_never_rest_end_in_reading_the_whole_list() -> None:
    account = open_account(SORTED, appointments=900)
    asked = 0

    def delete_the_newest(_pages: int) -> None:
        nonlocal asked
        asked += 1
        if asked in (2, 4):
            newest = sorted(account.shop.truth().appointments, key=lambda one: one.created_at)[-8:]
            for one in newest:
                account.shop.delete_appointment(one.id)

    account.simulator.after_each_page("appointments", delete_the_newest)
    found = read(account, "appointments", INCREMENTAL, since=SINCE - timedelta(days=30))
    assert all_of(account) <= set(found.ids)
    assert "rows moved between two pages, so the whole list was read" in str(found.outcome.note)
    assert found.outcome.is_complete


def test_a_page_that_trafft_never_shows_leaves_the_reading_in_doubt() -> None:
    account = open_account(SORTED, appointments=900)
    account.simulator.fail_next("appointments", times=30, after_pages=3, empty=True)
    found = incremental(account)
    assert not found.outcome.is_complete
    assert "although more were due" in str(found.outcome.note)


def test_what_was_booked_just_before_the_last_sync_is_read_again() -> None:
    """It may have shown in the list only after that sync had read it."""
    account = open_account(SORTED, appointments=900)
    far = datetime(2021, 1, 4, 15, tzinfo=UTC)  # in no window
    late = account.shop.add_appointment(starts_at=far)
    found = read(account, "appointments", INCREMENTAL, since=START + timedelta(hours=1, minutes=59))
    assert late in found.ids


def test_pages_that_happen_to_be_sorted_by_id_too_do_not_end_the_proof_where_they_end() -> None:
    """A series of weekly bookings: made one after the other, so the far end of the book is sorted by both."""
    account = open_account(SORTED, appointments=900)
    for week in range(60):
        account.shop.add_appointment(starts_at=START + timedelta(days=30, weeks=week))
    found = incremental(account)
    assert near(account) <= set(found.ids)
    assert (found.outcome.note, found.outcome.is_complete) == (None, True)


def test_an_import_in_one_second_is_proven_by_its_ids() -> None:
    account = open_account(SORTED, appointments=900)
    account.time.pass_by(60)
    for minutes in range(120):
        account.shop.add_appointment(starts_at=START + timedelta(days=2, minutes=minutes))
    found = incremental(account)
    assert near(account) <= set(found.ids)
    assert (found.outcome.note, found.outcome.is_complete) == (None, True)
