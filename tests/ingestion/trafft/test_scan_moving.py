"""Scans of lists that change between two pages: how rows get lost, one case each, and how that is noticed."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest

from ingestion.trafft.scan import Scan, ScanReport
from simulator.modes import Modes
from tests.ingestion.trafft.account import Account, open_account

ASCENDING = Modes(sorting="honoured")


class Watched:
    """A scan of appointments during which `change` happens once, after so many pages."""

    def __init__(self, account: Account, change: Callable[[], object], *, after_page: int = 1, **options: Any) -> None:
        self.lived_through = listed(account)
        self._change = change
        self._after_page = after_page
        self._pages = 0
        self._account = account
        account.simulator.after_each_page("appointments", self._page_was_read)
        one = Scan(account.client, "appointments", **options)
        self.shown = [record for page in one for record in page.records]
        assert one.report
        self.report: ScanReport = one.report

    @property
    def missed(self) -> set[str]:
        return {external_id for external_id in self.lived_through if external_id not in self.report.seen_ids}

    def _page_was_read(self, _pages: int) -> None:
        self._pages += 1
        if self._pages == self._after_page:
            self._change()
            self.lived_through &= listed(self._account)


def listed(account: Account) -> set[str]:
    return {appointment.id for appointment in account.shop.truth().appointments}


def by_age(account: Account) -> list[str]:
    """Return the ids, oldest first, as an account lists them that honours the hint."""
    return sorted(listed(account), key=int)


def book(account: Account) -> str:
    """Book now, which is later than whatever was booked before."""
    account.simulator.clock.advance(timedelta(seconds=1))
    return account.shop.add_appointment(starts_at=account.simulator.clock.now() + timedelta(days=3))


@pytest.mark.parametrize("modes", [Modes(), ASCENDING, Modes(max_limit=25), Modes(pagination="missing")])
def test_a_row_deleted_behind_the_reader_hides_no_other(modes: Modes) -> None:
    account = open_account(modes)
    oldest, newest = by_age(account)[3], by_age(account)[-3]

    def change() -> None:
        account.shop.delete_appointment(oldest)
        account.shop.delete_appointment(newest)

    watched = Watched(account, change)
    assert (watched.report.complete, watched.missed) == (True, set())
    assert watched.report.passes >= 2


@pytest.mark.parametrize("modes", [Modes(), ASCENDING, Modes(pagination="missing")])
def test_a_deletion_and_a_booking_that_leave_the_count_as_it_was_are_noticed(modes: Modes) -> None:
    account = open_account(modes)
    ids = by_age(account)

    def change() -> None:
        account.shop.delete_appointment(ids[3])
        account.shop.delete_appointment(ids[-3])
        book(account)
        book(account)

    watched = Watched(account, change)
    assert (watched.report.complete, watched.missed) == (True, set())
    assert watched.report.passes >= (2 if modes is not ASCENDING else 1)


def test_the_same_in_a_list_without_order_is_never_believed_after_one_pass() -> None:
    account = open_account(ASCENDING)
    first = min(account.shop.truth().appointments, key=lambda appointment: appointment.starts_at)

    def change() -> None:
        account.shop.delete_appointment(first.id)
        account.shop.add_appointment(starts_at=account.simulator.clock.now() + timedelta(days=400))

    params = {"sort_by": "start_time", "sort_order": "asc"}
    watched = Watched(account, change, params=params, max_passes=1)
    assert len(watched.missed) == 1
    assert not watched.report.complete


@pytest.mark.parametrize("modes", [Modes(), ASCENDING])
def test_bookings_that_shift_the_rows_are_seen_or_come_with_a_second_pass(modes: Modes) -> None:
    account = open_account(modes)
    new: list[str] = []
    watched = Watched(account, lambda: new.extend(book(account) for _ in range(5)))
    assert (watched.report.complete, watched.missed) == (True, set())
    assert all(external_id in watched.report.seen_ids for external_id in new)


def test_a_row_that_jumps_from_the_unread_to_the_read_side_is_found() -> None:
    account = open_account(ASCENDING)
    last = max(account.shop.truth().appointments, key=lambda appointment: appointment.starts_at)
    long_ago = account.simulator.clock.now() - timedelta(days=4000)
    watched = Watched(
        account,
        lambda: account.shop.reschedule(last.id, long_ago),
        params={"sort_by": "start_time", "sort_order": "asc"},
    )
    assert (watched.report.complete, watched.missed, watched.report.passes) == (True, set(), 3)


@pytest.mark.parametrize("pagination", ["block", "missing"])
def test_rows_with_equal_keys_in_any_order_are_not_called_complete_while_some_are_missing(pagination: Any) -> None:
    account = open_account(Modes(ties="unstable", sorting="honoured", pagination=pagination, max_limit=25))
    for _ in range(120):  # a bulk import: all within one second
        account.shop.add_appointment(starts_at=account.simulator.clock.now() + timedelta(days=1))
    watched = Watched(account, lambda: None)
    assert watched.missed
    assert not watched.report.complete


def test_two_readings_that_miss_the_same_row_are_not_called_complete_because_another_went() -> None:
    """Four rows of one second lie across the edge of page 1; each count of earlier requests shuffles them anew."""
    for earlier_requests in range(60):
        account = open_account(Modes(ties="unstable", pagination="missing"), appointments=10)
        account.simulator.clock.advance(timedelta(seconds=1))
        for _ in range(4):
            account.shop.add_appointment(starts_at=account.simulator.clock.now())
        newest = [book(account) for _ in range(6)]
        account.shop.add_raw_record("appointments", {"id": 5})  # not in its place: the list has no order
        for _ in range(earlier_requests):
            account.client.check()
        watched = Watched(account, partial(account.shop.delete_appointment, newest[3]), after_page=4, page_size=10)
        assert not (watched.report.complete and watched.missed)


def test_a_few_equal_keys_at_the_edge_of_a_page_do_no_harm() -> None:
    account = open_account(Modes(ties="unstable", sorting="honoured"))
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed, watched.report.passes) == (True, set(), 1)


@pytest.mark.parametrize("pages_before", [0, 1, 2, 3])
def test_an_empty_page_in_the_middle_is_not_the_end(pages_before: int) -> None:
    account = open_account()
    account.simulator.fail_next("appointments", after_pages=pages_before, body=b'{"data": [], "total": 331}')
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed, watched.report.passes) == (True, set(), 1)


def test_a_first_page_that_stays_short_shows_how_many_rows_fit_on_a_page() -> None:
    account = open_account()
    page = account.client.page("appointments", 1, limit=25)
    short = orjson.dumps({"data": page.records, "pagination": {"total": page.total, "limit": 100}})
    account.simulator.fail_next("appointments", times=3, body=short)
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed) == (True, set())
    assert account.asked("appointments")[4].query.endswith("page=1&limit=25")


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_a_short_page_is_not_the_end_even_where_trafft_gives_no_totals(rows: int) -> None:
    account = open_account(Modes(pagination="missing"))
    full = account.client.page("appointments", 2, limit=99)
    account.simulator.fail_next("appointments", after_pages=1, body=orjson.dumps({"data": full.records[:rows]}))
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed) == (True, set())


def test_empty_pages_that_stay_make_the_scan_incomplete_and_are_not_counted_to_the_end() -> None:
    account = open_account(appointments=1_000)
    total = account.client.page("appointments", 1).total
    empty = orjson.dumps({"data": [], "total": total})
    account.simulator.fail_next("appointments", after_pages=2, times=999, body=empty)
    watched = Watched(account, lambda: None, page_size=10)
    assert not watched.report.complete
    assert "although more were due" in str(watched.report.reason)
    assert watched.report.pages < 50


@pytest.mark.parametrize("fault", [{"truncated": True}, {"cut": True}, {"status": 504}, {"reset": True}])
def test_a_page_that_breaks_in_the_middle_of_a_scan_is_read_again(fault: dict[str, Any]) -> None:
    account = open_account()
    account.simulator.fail_next("appointments", after_pages=2, **fault)
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed) == (True, set())
    assert account.client.stats.retries == 1


def test_a_token_that_ends_in_the_middle_of_a_scan_is_renewed() -> None:
    account = open_account()
    watched = Watched(account, lambda: account.simulator.revoke_tokens(), after_page=2)
    assert (watched.report.complete, watched.missed) == (True, set())
    assert len(account.asked("token")) == 2


def test_what_changes_while_it_is_read_is_shown_again_in_its_new_form() -> None:
    account = open_account(ASCENDING)
    ids = by_age(account)

    def change() -> None:
        account.shop.cancel(ids[0])
        book(account)  # so that there is a second pass

    watched = Watched(account, change)
    forms = [record["status"] for record in watched.shown if str(record["id"]) == ids[0]]
    assert forms == ["approved", "canceled"]
    assert len(watched.shown) == len(listed(account)) + 1


def test_a_shop_that_never_rests_ends_incomplete_and_says_why() -> None:
    account = open_account(ASCENDING)

    def book_on(_pages: int) -> None:
        book(account)

    account.simulator.after_each_page("appointments", book_on)
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.report.passes, watched.missed) == (False, 3, set())
    assert "the list changed while it was read" in str(watched.report.reason)


def test_a_total_that_lags_behind_makes_the_scan_incomplete() -> None:
    account = open_account(Modes(total="stale"))
    for _ in range(3):
        book(account)
    watched = Watched(account, lambda: None)
    assert (watched.report.complete, watched.missed) == (False, set())
