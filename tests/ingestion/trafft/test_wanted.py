"""What webhooks told of is read with few requests: the newest pages, then the page of each start time."""

from datetime import datetime, timedelta

import pytest

from ingestion.reading import Aim
from ingestion.trafft.wanted import LOOKS_EACH, SMALL_LIST_PAGES
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account
from tests.ingestion.trafft.reading import UNSORTED, Read, read

SORTED = Modes(sorting="honoured")


def look_for(account: Account, wanted: dict[str, datetime | None], **options: object) -> Read:
    return read(account, "appointments", Aim("webhook", wanted=wanted), **options)  # type: ignore[arg-type]  # the options of `read`


def starts(account: Account) -> dict[str, datetime]:
    return {one.id: one.starts_at for one in account.shop.truth().appointments}


def test_a_new_booking_is_on_the_first_page() -> None:
    account = open_account(SORTED)
    new = account.shop.add_appointment(starts_at=START + timedelta(days=200))
    found = look_for(account, {new: None})
    assert (new in found.ids, found.requests, found.outcome.note) == (True, 2, None)  # the token is one


def test_nothing_wanted_asks_nothing() -> None:
    account = open_account(SORTED)
    assert look_for(account, {}).requests == 0


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.77, 1.0])
@pytest.mark.parametrize("times", ["naive", "iso_utc", "epoch"])
def test_an_old_booking_is_found_by_its_start(place: float, times: str) -> None:
    account = open_account(Modes(sorting="honoured", times=times), appointments=1500)  # type: ignore[arg-type]  # a case's text
    known = starts(account)
    by_start = sorted(known, key=lambda external_id: known[external_id])
    old = by_start[int(place * (len(by_start) - 1))]
    found = look_for(account, {old: known[old]})
    assert old in found.ids
    assert found.requests <= 1 + 2 + LOOKS_EACH
    assert found.outcome.note is None
    assert len(found.ids) == len(set(found.ids))


def test_many_at_once_share_their_looks() -> None:
    account = open_account(SORTED, appointments=1500)
    known = starts(account)
    wanted = dict(sorted(known.items(), key=lambda item: item[1])[::100])
    found = look_for(account, dict(wanted))
    assert set(wanted) <= set(found.ids)
    assert found.requests < 1 + 2 + len(wanted) * 7


def test_rows_that_start_together_are_found_on_both_sides_of_an_edge() -> None:
    account = open_account(SORTED, appointments=200)
    together = START - timedelta(days=40)
    old = [account.shop.add_appointment(starts_at=together) for _ in range(24)]
    account.time.pass_by(60)
    for _ in range(60):
        account.shop.add_appointment(starts_at=START + timedelta(days=5))
    wanted: dict[str, datetime | None] = dict.fromkeys(old, together)
    found = look_for(account, wanted, page_size=20)
    assert set(old) <= set(found.ids)


@pytest.mark.parametrize(
    ("modes", "known_start"), [(SORTED, False), (Modes(sorting="ignored"), True), (Modes(pagination="missing"), True)]
)
def test_what_cannot_be_found_is_left_to_the_hourly_sync(modes: Modes, *, known_start: bool) -> None:
    account = open_account(modes, appointments=400)
    known = starts(account)
    old = min(known, key=lambda external_id: int(external_id))
    found = look_for(account, {old: known[old] if known_start else None})
    assert old not in found.ids
    assert old not in found.outcome.seen_ids
    assert (found.outcome.is_complete, found.outcome.is_sweep) == (True, False)
    assert found.outcome.note == "1 appointments that webhooks told of were not found; left to the hourly sync"
    assert found.requests <= 1 + 2 + 3


def test_a_deleted_one_costs_a_search_and_no_error() -> None:
    account = open_account(SORTED, appointments=1500)
    known = starts(account)
    old = sorted(known, key=lambda external_id: known[external_id])[400]
    account.shop.delete_appointment(old)
    found = look_for(account, {old: known[old]})
    assert found.requests <= 1 + 2 + LOOKS_EACH
    assert "left to the hourly sync" in str(found.outcome.note)


def test_where_the_probe_found_no_sorting_only_the_newest_pages_are_read() -> None:
    account = open_account(SORTED, appointments=400)
    known = starts(account)
    old = min(known, key=lambda external_id: int(external_id))
    found = look_for(account, {old: known[old]}, capabilities=UNSORTED)
    assert (found.requests, len(found.ids)) == (3, 50)


def test_a_short_list_is_read_to_its_end_whatever_its_order() -> None:
    account = open_account(Modes(sorting="ignored"), appointments=250)
    known = starts(account)
    found = look_for(account, dict(known))
    assert set(known) == set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert found.requests <= 1 + SMALL_LIST_PAGES
    assert found.outcome.note is None
