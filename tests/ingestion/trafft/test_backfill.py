"""Back-fills: the appointments of a span of time, found by bisection where the account sorts by start time."""

from datetime import datetime, timedelta

import pytest

from ingestion.reading import Aim, Window
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account
from tests.ingestion.trafft.reading import UNSORTED, Read, read

SORTED = Modes(sorting="honoured")


def span(days_ago: float, days: float) -> Window:
    start = START - timedelta(days=days_ago)
    return Window(start, start + timedelta(days=days))


def within(account: Account, window: Window) -> set[str]:
    return {one.id for one in account.shop.truth().appointments if window.start <= one.starts_at < window.end}


def everything(account: Account) -> set[str]:
    return {one.id for one in account.shop.truth().appointments}


def backfill(account: Account, window: Window) -> Read:
    return read(account, "appointments", Aim("backfill", window), page_size=20)


@pytest.mark.parametrize(
    "window", [span(100, 10), span(400, 30), span(3, 30), span(-1000, 10), span(5000, 30), span(5000, 9999)]
)
@pytest.mark.parametrize(
    "modes", [SORTED, Modes(sorting="honoured", max_limit=10), Modes(sorting="honoured", times="iso_offset")]
)
def test_all_that_starts_in_the_window_is_read_once(window: Window, modes: Modes) -> None:
    account = open_account(modes, appointments=600)
    found = backfill(account, window)
    assert within(account, window) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert (found.outcome.is_sweep, found.outcome.is_complete, found.outcome.note) == (False, True, None)


def test_the_rest_of_a_long_list_is_left_out() -> None:
    account = open_account(SORTED, appointments=3000)
    found = backfill(account, span(60, 7))
    assert within(account, span(60, 7)) <= set(found.ids)
    pages = len(everything(account)) / 20
    assert found.requests <= 8 + 1 + 4 + len(within(account, span(60, 7))) / 15 < pages / 4


@pytest.mark.parametrize("modes", [Modes(sorting="ignored"), Modes(sorting="ignored", pagination="missing")])
def test_an_account_that_does_not_sort_is_read_whole_and_all_is_kept(modes: Modes) -> None:
    account = open_account(modes, appointments=200)
    found = backfill(account, span(60, 7))
    assert set(found.ids) == everything(account)
    assert len(found.ids) == len(set(found.ids))
    assert (found.outcome.is_sweep, found.outcome.is_complete) == (False, True)
    assert "could not be read by start time" in str(found.outcome.note)


def test_what_the_probe_found_saves_the_search() -> None:
    account = open_account(SORTED, appointments=200)
    aim = Aim("backfill", span(60, 7))
    found = read(account, "appointments", aim, page_size=20, capabilities=UNSORTED)
    assert set(found.ids) == everything(account)
    assert not [seen for seen in account.asked("appointments") if "start_time" in seen.query]


def test_rows_that_move_the_edge_of_the_window_away_are_followed() -> None:
    """Bookings for next year push the window's pages on between the search and the reading."""
    account = open_account(SORTED, appointments=600)
    window = span(100, 20)
    asked = 0

    def book(_pages: int) -> None:
        nonlocal asked
        asked += 1
        # Deleting from the far end of the book pulls the pages towards the reader, past where it begins.
        future = sorted(account.shop.truth().appointments, key=lambda one: one.starts_at)[-25:]
        if asked == 5:
            for one in future:
                account.shop.delete_appointment(one.id)

    account.simulator.after_each_page("appointments", book)
    found = backfill(account, window)
    assert within(account, window) <= set(found.ids)
    assert found.outcome.is_complete


def test_a_back_fill_without_a_window_reads_everything_and_is_no_sweep() -> None:
    account = open_account(SORTED, appointments=100)
    found = read(account, "appointments", Aim("backfill"))
    assert (set(found.ids), found.outcome.is_sweep) == (everything(account), False)


def test_a_window_ends_after_it_begins_and_knows_its_zone() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        Window(START, START)
    with pytest.raises(ValueError, match="time zone"):
        Window(datetime(2026, 3, 1), datetime(2026, 3, 2))  # noqa: DTZ001 -- the mistake in question
