"""Whole scans of lists that stand still, in every way that Trafft may page them; and what is never called complete."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from ingestion.trafft.errors import FeatureNotEnabled, ServerError, UnexpectedResponse, ValidationFailed
from ingestion.trafft.scan import Scan, ScanReport
from simulator.modes import Modes
from tests.ingestion.trafft.account import Account, open_account


def scan(account: Account, resource: str = "appointments", **options: Any) -> tuple[list[str], ScanReport]:
    """Return the ids in the order in which they were shown, and the report."""
    one = Scan(account.client, resource, **options)
    ids = [str(record["id"]) for page in one for record in page.records if isinstance(record, dict) and "id" in record]
    assert one.report
    return ids, one.report


def truth(account: Account, resource: str = "appointments") -> set[str]:
    return {record.id for record in getattr(account.shop.truth(), resource)}


def fill_pages_of_20(account: Account) -> None:
    while len(truth(account)) % 20:
        account.shop.add_appointment(starts_at=account.simulator.clock.now())


AWKWARD: Mapping[str, Modes] = {
    "as verified": Modes(),
    "sort honoured": Modes(sorting="honoured"),
    "Laravel's envelope": Modes(pagination="laravel", ids="string"),
    "no totals": Modes(pagination="missing"),
    "no totals, last page again": Modes(pagination="missing", past_the_end="last_page"),
    "last page again": Modes(past_the_end="last_page"),
    "limit cut to 25": Modes(max_limit=25),
    "limit cut in silence": Modes(max_limit=25, pagination="missing"),
    "limit of 50 or a refusal": Modes(max_limit=50, over_limit="422"),
    "limit of 20 or a refusal": Modes(max_limit=20, over_limit="422"),
    "limit of 25 or a refusal, no totals": Modes(max_limit=25, over_limit="422", pagination="missing"),
    "times in milliseconds": Modes(times="epoch_ms", sorting="honoured"),
}


@pytest.mark.parametrize("modes", AWKWARD.values(), ids=AWKWARD.keys())
@pytest.mark.parametrize("resource", ["appointments", "customers", "services", "employees", "locations"])
def test_every_list_is_read_completely_and_each_record_shown_once(modes: Modes, resource: str) -> None:
    account = open_account(modes)
    ids, report = scan(account, resource)
    assert sorted(ids) == sorted(truth(account, resource))
    assert (report.complete, report.reason) == (True, None)
    assert (report.distinct_ids, report.unreadable, report.duplicates) == (len(ids), 0, 0)
    assert all(external_id in report.seen_ids for external_id in ids)
    assert "999999" not in report.seen_ids


@pytest.mark.parametrize("seed", range(12))
def test_every_mixture_of_awkward_ways_is_read_completely(seed: int) -> None:
    account = open_account(replace(Modes.awkward(seed), locations="on", requests_per_minute=None), appointments=120)
    for resource in ("appointments", "customers", "services"):
        ids, report = scan(account, resource)
        assert (sorted(ids), report.complete) == (sorted(truth(account, resource)), True)


def test_a_list_in_a_known_order_needs_one_pass_and_few_more_pages() -> None:
    account = open_account(appointments=1_000)
    ids, report = scan(account)
    assert report.passes == 1
    assert report.pages <= len(ids) / 100 * 1.15 + 1
    assert account.asked("appointments")[0].query == "sort_by=created_at&sort_order=asc&page=1&limit=100"


def test_a_list_without_a_known_order_needs_a_second_look() -> None:
    account = open_account(Modes(sorting="honoured"))
    _, report = scan(account, params={"sort_by": "start_time", "sort_order": "asc"})
    assert (report.complete, report.passes, report.total_first, report.total_last) == (True, 2, 331, 331)


@pytest.mark.parametrize("past_the_end", ["empty", "last_page"])
@pytest.mark.parametrize("pagination", ["block", "missing"])
def test_the_end_of_a_list_without_order_is_recognised(past_the_end: Any, pagination: Any) -> None:
    account = open_account(Modes(sorting="honoured", past_the_end=past_the_end, pagination=pagination))
    fill_pages_of_20(account)
    for page_size in (100, 20):
        _, report = scan(account, params={"sort_by": "start_time"}, page_size=page_size)
        assert (report.complete, report.passes) == (True, 2)


@pytest.mark.parametrize("past_the_end", ["empty", "last_page"])
def test_the_end_is_recognised_where_only_round_limits_are_taken(past_the_end: Any) -> None:
    account = open_account(Modes(past_the_end=past_the_end))
    fill_pages_of_20(account)
    account.simulator.fail_next("appointments", after_pages=1, status=422)
    _, report = scan(account, page_size=20)
    assert (report.complete, report.passes) == (True, 2)


def test_a_list_on_one_page_needs_no_order() -> None:
    account = open_account(Modes(sorting="honoured"), appointments=40)
    _, report = scan(account, params={"sort_by": "start_time", "sort_order": "asc"})
    assert (report.complete, report.passes, report.pages) == (True, 1, 1)


@pytest.mark.parametrize("appointments", [93, 94, 95, 96])
def test_a_list_that_fills_its_last_page_exactly_is_seen_to_end_there(appointments: int) -> None:
    account = open_account(Modes(past_the_end="last_page"), appointments=appointments)
    total = len(truth(account))
    ids, report = scan(account, page_size=total)
    assert (len(ids), report.complete, report.passes) == (total, True, 1)


def test_an_empty_list_is_looked_at_twice() -> None:
    account = open_account(Modes(locations="empty"))
    _, report = scan(account, "locations")
    assert (report.complete, report.passes, report.distinct_ids) == (True, 2, 0)


def test_an_empty_answer_out_of_the_blue_is_not_believed() -> None:
    account = open_account()
    account.simulator.fail_next("services", empty=True)
    ids, report = scan(account, "services")
    assert (set(ids), report.complete) == (truth(account, "services"), True)


def test_a_filtered_scan_never_counts_as_complete() -> None:
    account = open_account(Modes(filters="ignored"))
    ids, report = scan(account, params={"status": "canceled"})
    assert set(ids) == truth(account)
    assert not report.complete
    assert "filtered" in str(report.reason)


@pytest.mark.parametrize("pagination", ["block", "missing"])
def test_an_account_that_ignores_the_page_number_is_found_out(pagination: Any) -> None:
    account = open_account(Modes(page="ignored", pagination=pagination))
    ids, report = scan(account)
    assert (len(ids), report.complete) == (100, False)
    assert report.reason == "page 2 showed nothing but records of earlier pages"
    assert report.pages <= 12


@pytest.mark.parametrize("modes", [Modes(total="wrong"), Modes(total="wrong", max_limit=25)])
def test_totals_that_do_not_fit_the_list_are_not_complete(modes: Modes) -> None:
    account = open_account(modes)
    ids, report = scan(account)
    assert (set(ids), report.complete) == (truth(account), False)
    assert "more were due" in str(report.reason)


def test_a_list_longer_than_allowed_is_not_complete() -> None:
    ids, report = scan(open_account(), max_pages=2, max_passes=1)
    assert (len(ids), report.pages, report.complete) == (196, 2, False)
    assert "more than 2 pages" in str(report.reason)


POISON: list[Any] = [7, None, "text", [], {"name": "no id"}, {"id": None}, {"id": {"a": 1}}, {"id": "9" * 200}]


def test_records_without_an_id_are_shown_counted_and_do_not_stop_the_rest() -> None:
    account = open_account()
    for record in POISON:
        account.shop.add_raw_record("appointments", record)
    one = Scan(account.client, "appointments")
    shown = [record for page in one for record in page.records]
    assert one.report
    assert all(record in shown for record in POISON)
    assert len(shown) == len(truth(account)) + len(POISON)
    assert (one.report.complete, one.report.unreadable) == (True, 7)


def test_an_id_that_two_records_share_makes_the_count_fall_short() -> None:
    account = open_account()
    account.shop.add_raw_record("services", {"id": int(min(truth(account, "services"))), "name": "Its double"})
    ids, report = scan(account, "services")
    assert (set(ids), report.complete) == (truth(account, "services"), False)
    assert report.reason == "Trafft counts 9 records but showed 8 different ones"


def test_more_rows_than_records_are_not_complete_even_where_the_total_agrees() -> None:
    account = open_account()
    answer = orjson.dumps({"data": [{"id": 1}, {"id": 1}, {"id": 2}], "pagination": {"total": 2, "limit": 100}})
    account.simulator.fail_next("services", times=99, body=answer)
    _, report = scan(account, "services")
    assert not report.complete
    assert report.reason == "the list has 3 rows but only 2 different records: it changed while it was read"


def test_failures_are_raised_and_not_taken_for_incompleteness() -> None:
    with pytest.raises(FeatureNotEnabled):
        scan(open_account(Modes(locations="403")), "locations")
    account = open_account()
    account.simulator.fail_next("appointments", after_pages=2, html=True)
    with pytest.raises(UnexpectedResponse):
        scan(account)
    account.simulator.fail_next("appointments", after_pages=1, times=99, status=503)
    with pytest.raises(ServerError):
        scan(account)


def test_a_refusal_that_is_not_about_the_limit_is_raised_in_the_end() -> None:
    account = open_account()
    account.simulator.fail_next("services", times=99, status=422)
    with pytest.raises(ValidationFailed):
        scan(account, "services")
    assert [seen.query for seen in account.asked("services")] == [f"page=1&limit={limit}" for limit in (100, 50, 20)]


def test_an_account_that_refuses_the_wish_for_an_order_is_read_without_it() -> None:
    account = open_account()
    account.simulator.fail_next("appointments", times=3, status=400)
    ids, report = scan(account)
    assert (set(ids), report.complete) == (truth(account), True)
    assert account.asked("appointments")[3].query == "page=1&limit=100"


def test_a_limit_that_is_refused_later_on_loses_no_row() -> None:
    account = open_account()
    account.simulator.fail_next("appointments", after_pages=2, times=3, status=400)
    ids, report = scan(account)
    assert (set(ids), report.complete) == (truth(account), True)


def test_a_report_says_nothing_before_the_last_page() -> None:
    one = Scan(open_account().client, "appointments")
    assert one.report is None
    next(iter(one))
    assert one.report is None


def test_only_a_reasonable_number_of_passes_is_taken() -> None:
    with pytest.raises(ValueError, match="max_passes"):
        Scan(open_account().client, "services", max_passes=0)
    with pytest.raises(ValueError, match="max_passes"):
        Scan(open_account().client, "services", max_passes=1_000)


def test_a_page_served_again_from_a_cache_is_not_taken_for_the_next() -> None:
    account = open_account()
    first = account.client.page("appointments", 1, limit=100, params={"sort_by": "created_at", "sort_order": "asc"})
    pagination = {"total": first.total, "page": 2, "limit": 99}
    stale = orjson.dumps({"data": first.records[:99], "pagination": pagination})
    account.simulator.fail_next("appointments", after_pages=1, body=stale)
    ids, report = scan(account)
    assert (set(ids), report.complete) == (truth(account), True)
