"""Dates in every style an account may have chosen: read right, or refused with the reason, never read wrong."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.records import Unreadable
from ingestion.trafft.webhook_dates import DayOrder, local_moment, order_shown

TAMPA = ZoneInfo("America/New_York")
TEN = datetime(2025, 6, 23, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "June 23, 2025 10:00 am",
        "Jun 23, 2025 10:00 AM",
        "23 June 2025 10:00",
        "23rd of June 2025, 10 a.m.",
        "10:00 am June 23, 2025",
        "23/06/2025 10:00 AM",
        "06/23/2025 10:00 am",
        "23.06.2025 10:00",
        "23. 6. 2025 10.00",
        "23-06-2025 10:00",
        "23/06/25 10:00",
        "2025/06/23 10:00",
        "2025-06-23 10:00",
        "2025-06-23T10:00:00",
        "2025-06-23T14:00:00Z",
        "2025-06-23T16:00:00+02:00",
        "1750687200",
        "1750687200000",
        "23. Juni 2025 10:00",
        "23 juin 2025 10h00",
        "23 de junio de 2025 10:00",
        "23 giugno 2025 10:00",
        "lunedì 23 giugno 2025 10:00",
    ],
)
def test_the_same_moment_in_every_style(words: str) -> None:
    assert local_moment(words, TAMPA, None) == TEN


@pytest.mark.parametrize(
    ("words", "hour", "minute"),
    [("June 23, 2025 12:00 am", 0, 0), ("June 23, 2025 12:15 pm", 12, 15), ("June 23, 2025 11:59 PM", 23, 59)],
)
def test_noon_and_midnight(words: str, hour: int, minute: int) -> None:
    read = local_moment(words, TAMPA, None).astimezone(TAMPA)
    assert (read.day, read.hour, read.minute) == (23, hour, minute)


@pytest.mark.parametrize(("order", "month", "day"), [("dmy", 6, 5), ("mdy", 5, 6)])
def test_an_order_that_is_known_decides(order: DayOrder, month: int, day: int) -> None:
    read = local_moment("05/06/2025 10:00", TAMPA, order)
    assert (read.month, read.day) == (month, day)


@pytest.mark.parametrize("words", ["05/06/2025 10:00", "05-06-2025 10:00", "1/2/25 9:00 am"])
def test_a_date_that_may_mean_two_days_means_none(words: str) -> None:
    with pytest.raises(Unreadable, match="day or month first"):
        local_moment(words, TAMPA, None)


def test_the_same_number_twice_and_points_need_no_order() -> None:
    assert local_moment("06/06/2025 10:00", TAMPA, None) == datetime(2025, 6, 6, 14, tzinfo=UTC)
    assert local_moment("05.06.2025 10:00", TAMPA, "mdy") == datetime(2025, 6, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        *("", "-", "soon", "June 2025", "31/02/2025 10:00", "25/13/2025 10:00", "June 23, 2025", "June 23, 2025 25:00"),
        *("23 June July 2025 10:00", "0023-06-23 10:00", "99999999999999999", "23/06/1025 10:00"),
        *("June 23, 2025 13:61",),
    ],
)
def test_what_is_no_date_is_refused(words: str) -> None:
    with pytest.raises(Unreadable):
        local_moment(words, TAMPA, "dmy")


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        ([], None),
        (["05/06/2025 10:00", "06/05/2025"], None),
        (["05/06/2025", "23/06/2025"], "dmy"),
        (["06/23/2025"], "mdy"),
        (["2025/06/23"], None),
        (["June 23, 2025"], None),
    ],
)
def test_a_day_above_twelve_shows_the_order(dates: list[str], order: DayOrder | None) -> None:
    assert order_shown(dates) == order


@given(st.text(max_size=40) | st.from_regex(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}:\d{2} ?[ap]?m?", fullmatch=True))
def test_any_text_is_a_moment_or_refused(words: str) -> None:
    with suppress(Unreadable):
        assert local_moment(words, TAMPA, None).tzinfo is UTC


@given(
    st.integers(0, 36_000_000),
    st.sampled_from(["%B %d, %Y %I:%M %p", "%d %B %Y %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%d %b %Y %I:%M%p"]),
)
def test_what_was_written_is_read_back(minute: int, style: str) -> None:
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    assert local_moment(moment.strftime(style), ZoneInfo("UTC"), None) == moment
