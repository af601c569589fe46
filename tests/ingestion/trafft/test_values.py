"""Single values of a Trafft record, in every spelling that was seen or must be tolerated."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.records import Unreadable
from ingestion.trafft.values import identifier, moment, price, seconds_per_unit, text, whole_number

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (18520, "18520"),
        ("18520", "18520"),
        (" 7 ", "7"),
        ("6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11", "6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11"),
        (None, None),
        ("", None),
    ],
)
def test_an_id_is_text_however_it_comes(value: Any, expected: str | None) -> None:
    assert identifier(value) == expected


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "7" * 300])
def test_what_is_no_id_is_refused(value: Any) -> None:
    with pytest.raises(Unreadable, match="expected an id"):
        identifier(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-06-21 12:45:00", datetime(2025, 6, 21, 16, 45, tzinfo=UTC)),
        ("2025-01-21 12:45", datetime(2025, 1, 21, 17, 45, tzinfo=UTC)),
        ("2025-06-21T12:45:00Z", datetime(2025, 6, 21, 12, 45, tzinfo=UTC)),
        ("2025-06-21T12:45:00.250000+02:00", datetime(2025, 6, 21, 10, 45, 0, 250000, tzinfo=UTC)),
        (1750509900, datetime(2025, 6, 21, 12, 45, tzinfo=UTC)),
        (1750509900000, datetime(2025, 6, 21, 12, 45, tzinfo=UTC)),
        ("1750509900", datetime(2025, 6, 21, 12, 45, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_a_moment_is_utc_however_it_comes(value: Any, expected: datetime | None) -> None:
    assert moment(value, NEW_YORK) == expected


def test_a_local_time_in_the_spring_gap_moves_forward() -> None:
    assert moment("2025-03-09 02:30:00", NEW_YORK) == datetime(2025, 3, 9, 7, 30, tzinfo=UTC)  # 03:30 EDT


def test_a_local_time_that_happens_twice_means_the_first() -> None:
    assert moment("2025-11-02 01:30:00", NEW_YORK) == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)  # still EDT
    assert moment("2025-04-06 01:45:00", LORD_HOWE) == datetime(2025, 4, 5, 14, 45, tzinfo=UTC)  # half-hour fold


@pytest.mark.parametrize("value", ["soon", "2025-13-01 10:00", "31/05/2025 3:00 PM", True, [], 10**20])
def test_what_is_no_moment_is_refused_with_what_it_was(value: Any) -> None:
    with pytest.raises(Unreadable, match="expected a date and time"):
        moment(value, NEW_YORK)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001  # naive on purpose
def test_every_local_time_is_read_as_its_zone_says(local: datetime) -> None:
    read = moment(local.isoformat(sep=" "), NEW_YORK)
    assert read is not None
    wall = read.astimezone(NEW_YORK).replace(tzinfo=None)
    assert wall in (local, local + timedelta(hours=1))  # the second only inside a gap


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (38, "38"),
        (55.5, "55.5"),
        (0.1, "0.1"),
        ("$30.00", "30.00"),
        ("38,00 €", "38.00"),
        ("£38", "38"),
        ("$1,234.50", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("1'234.50 CHF", "1234.50"),
        ("1,234", "1234"),
        ("1.234.567", "1234567"),
        ("1.250 €", "1250"),
        ("1.234,500", "1234.500"),
        ("¥3800", "3800"),
        (12.123456, "12.1235"),
        (0, "0"),
    ],
)
def test_a_price_is_exact_in_every_spelling(value: Any, expected: str) -> None:
    assert price(value) == Decimal(expected)


@pytest.mark.parametrize(("value", "expected"), [("1.250 KWD", "1.250"), ("3,500", "3.500"), ("1,234.500", "1234.500")])
def test_a_currency_of_three_decimals_is_read_as_such(value: str, expected: str) -> None:
    assert price(value, minor_digits=3) == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        "-5",
        "-$5.00",
        "$-5",
        "\u22125,00 €",
        "(5.00)",
        -5,
        None,
        "",
        "free",
        "-",
        True,
        float("nan"),
        float("inf"),
        1e30,
        [],
    ],
)
def test_an_unreadable_price_is_unknown_and_never_zero(value: Any) -> None:
    assert price(value) is None


@given(st.decimals(min_value=0, max_value=99999, places=2))
def test_american_and_german_spellings_of_a_price_agree(amount: Decimal) -> None:
    american = f"${amount:,.2f}"
    german = american[1:].translate(str.maketrans(",.", ".,")) + " €"
    assert price(american) == price(german) == amount


BROKEN_NUMBERS: list[Any] = ["many", "1e999999", float("nan"), True, []]


def test_numbers_and_texts_are_read_without_surprise() -> None:
    assert [whole_number(value) for value in (1, "2", 3.0, None, "")] == [1, 2, 3, None, None]
    assert [text(value) for value in (1, "a", None, True)] == ["1", "a", None, "True"]
    for value in BROKEN_NUMBERS:
        with pytest.raises(Unreadable, match="expected a number"):
            whole_number(value)
    with pytest.raises(Unreadable, match="expected text"):
        text({"a": 1})


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([1800, 2700], 1),
        ([30, 45, 60], 60),
        ([1800, 45], 60),
        ([1801], 60),
        ([], 60),
        ([None, "", "x"], 60),
        ([300], 1),
    ],
)
def test_the_unit_of_durations_follows_from_the_whole_price_list(durations: list[Any], expected: int) -> None:
    assert seconds_per_unit(durations) == expected
