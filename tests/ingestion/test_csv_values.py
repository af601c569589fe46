"""Dates, times, durations and amounts in the styles that people's exports have; what says nothing is refused."""

from contextlib import suppress
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.csv_values import (
    Clock,
    DateOrder,
    DateOrders,
    DecimalMark,
    DecimalMarks,
    date_order_of,
    read_amount,
    read_clock,
    read_duration,
    split_date,
)
from ingestion.records import Unreadable

JUNE_21 = date(2025, 6, 21)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("2025-06-21", "dmy"),
        ("2025/06/21", "mdy"),
        ("21/06/2025", "dmy"),
        ("21.6.2025", "dmy"),
        ("21. 6. 2025", "dmy"),
        ("21-06-25", "dmy"),
        ("06/21/2025", "mdy"),
        ("6/21/25", "mdy"),
        ("25-06-21", "ymd"),
        ("Sat, 21/06/2025", "dmy"),
        ("Sáb. 21/06/2025", "dmy"),
        ("June 21, 2025", "dmy"),
        ("Saturday, June 21st, 2025", "dmy"),
        ("Jun. 21 2025", "dmy"),
        ("21 June 2025", "mdy"),
        ("21-Jun-2025", "mdy"),
        ("21. Juni 2025", "mdy"),
        ("21 de junio de 2025", "mdy"),
        ("21 giugno 2025", "mdy"),
        ("21 JUIN 2025", "mdy"),
    ],
)
def test_a_date_is_read_in_any_style(text: str, order: DateOrder) -> None:
    assert split_date(text, order) == (JUNE_21, "")


@pytest.mark.parametrize(
    "text", ["31/02/2025", "06/21/2025", "soon", "2025-13-01", "June 31, 2025", "21 jui 2025", "12:45", "", "1/1/1/1"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        split_date(text, "dmy")


@pytest.mark.parametrize(
    ("text", "month"),
    [("3 März 2025", 3), ("1 août 2025", 8), ("2 Dez 2025", 12), ("3 déc. 2025", 12), ("4 mrt 2025", 3)],
)
def test_months_are_known_in_the_languages_around_us(text: str, month: int) -> None:
    assert split_date(text, "dmy")[0].month == month


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("12:45", Clock(time(12, 45))),
        (" 12:45 pm", Clock(time(12, 45))),
        ("12:45\u202fAM", Clock(time(0, 45))),
        ("3:00 PM", Clock(time(15))),
        ("9am", Clock(time(9))),
        ("9 a.m.", Clock(time(9))),
        (" um 12.45 Uhr", Clock(time(12, 45))),
        ("10h30", Clock(time(10, 30))),
        ("14h", Clock(time(14))),
        ("09:05:30", Clock(time(9, 5, 30))),
        ("T12:45:00Z", Clock(time(12, 45), "+00:00")),
        (" 12:45:00-05:00", Clock(time(12, 45), "-05:00")),
        (" 12:45 +0200", Clock(time(12, 45), "+02:00")),
        ("10:00-10:30", Clock(time(10), until=time(10, 30))),
        ("10:00 AM \u2013 1:00 PM", Clock(time(10), until=time(13))),
        ("", None),
        ("  ", None),
    ],
)
def test_a_time_of_day_is_read_in_any_style(text: str, clock: Clock | None) -> None:
    assert read_clock(text) == clock


@pytest.mark.parametrize("text", ["9", "24:00", "12:60", "noon", "12:45 and more", "10:00-", "10:00 - late"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="expected a time such as 14:30"):
        read_clock(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30min", 30),
        ("30 minutes", 30),
        ("1h 15min", 75),
        ("1h 15", 75),
        ("1 hour and 5 minutes", 65),
        ("1h", 60),
        ("1,5 h", 90),
        ("1 Std. 15 Min.", 75),
        ("1:15", 75),
        ("90", 90),
        ("0", 0),
    ],
)
def test_a_duration_is_read_in_any_style(text: str, minutes: int) -> None:
    assert read_duration(text, 60) == minutes * 60


def test_a_duration_without_a_unit_has_the_columns() -> None:
    assert read_duration("1800", 1) == read_duration("30", 60) == 1800


@pytest.mark.parametrize("text", ["long", "", "-30", "1h 2h", "9999999", "30 parsecs", "²"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="expected a duration"):
        read_duration(text, 60)


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("38", None, "38"),
        ("$38.00", None, "38.00"),
        ("38,00 €", None, "38.00"),
        ("$1,234.50", "point", "1234.50"),
        ("1.234,50 €", "comma", "1234.50"),
        ("1'234.50 CHF", "point", "1234.50"),
        ("1 234,50", "comma", "1234.50"),
        ("1.234", "comma", "1234"),
        ("1.234", "point", "1.234"),
        ("38,-", "comma", "38"),
        ("38,50", "point", None),
        ("38.50", "comma", None),
        ("-5,00", "comma", None),
        ("(5.00)", "point", None),
        ("free", "comma", None),
        ("free", None, None),
        ("1,2,3", "comma", None),
    ],
)
def test_an_amount_is_exact_or_unknown_but_never_wrong(text: str, mark: DecimalMark | None, amount: str | None) -> None:
    assert read_amount(text, mark, 2) == (None if amount is None else Decimal(amount))


def test_the_day_is_told_from_the_month_by_a_number_beyond_twelve() -> None:
    orders = DateOrders()
    for line, text in enumerate(["2025-06-21", "03/04/2025", "05/05/2025", "25/04/2025", "04/25/2025", "99/99/2025"]):
        orders.see(line, text)
    assert orders == DateOrders((3, "25/04/2025"), (4, "04/25/2025"), (1, "03/04/2025"))


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("38,50", (True, False)),
        ("38.5", (False, True)),
        ("1,234.50", (False, True)),
        ("1.234,50", (True, False)),
        ("1.234.567", (True, False)),
        ("1.234", (False, False)),
        ("38", (False, False)),
        ("free", (False, False)),
    ],
)
def test_an_amount_gives_its_decimal_mark_away_or_does_not(text: str, marks: tuple[bool, bool]) -> None:
    found = DecimalMarks()
    found.see(7, text)
    assert (found.comma is not None, found.point is not None) == marks


@pytest.mark.parametrize(
    ("words", "order"),
    [("dmy", "dmy"), ("DD/MM/YYYY", "dmy"), ("m/d/Y g:i A", "mdy"), ("%Y-%m-%d %H:%M", "ymd"), (" d.m.Y ", "dmy")],
)
def test_the_order_is_understood_in_the_notations_that_people_know(words: str, order: str) -> None:
    assert date_order_of(words) == order


@pytest.mark.parametrize("words", ["", "american", "dd/yyyy", "ydm"])
def test_another_order_is_refused(words: str) -> None:
    with pytest.raises(Unreadable, match="write it as dmy, mdy or ymd"):
        date_order_of(words)


anything = st.text(max_size=30) | st.text("0123456789:.,/- hmapTZ+junemi'", max_size=20)


@given(text=anything, order=st.sampled_from(["dmy", "mdy", "ymd"]), mark=st.sampled_from(["comma", "point", None]))
def test_any_text_is_read_or_refused_and_nothing_else(text: str, order: DateOrder, mark: DecimalMark | None) -> None:
    DateOrders().see(1, text)
    DecimalMarks().see(1, text)
    amount = read_amount(text, mark, 2)
    assert amount is None or amount >= 0
    for read in (lambda: split_date(text, order), lambda: read_clock(text), lambda: read_duration(text, 60)):
        with suppress(Unreadable):
            read()


@given(day=st.dates(), order=st.sampled_from(["dmy", "mdy", "ymd"]))
def test_every_day_is_read_back(day: date, order: DateOrder) -> None:
    forms = {"dmy": f"{day.day}/{day.month}/{day.year:04}", "mdy": f"{day.month:02}-{day.day:02}-{day.year:04}"}
    assert split_date(forms.get(order, day.isoformat()), order) == (day, "")
