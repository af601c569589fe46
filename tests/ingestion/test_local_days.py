"""Days of a shop as spans of time."""

from datetime import UTC, date, datetime

import pytest

from ingestion.local_days import window_of_days

CASES = {
    "a day in New York": ("America/New_York", "2026-03-02", "2026-03-02", "2026-03-02T05:00", "2026-03-03T05:00"),
    "the day that is 23 hours long": (
        "America/New_York",
        "2026-03-08",
        "2026-03-08",
        "2026-03-08T05:00",
        "2026-03-09T04:00",
    ),
    "both ends are included": ("Asia/Kolkata", "2026-03-01", "2026-03-31", "2026-02-28T18:30", "2026-03-31T18:30"),
    "a midnight that is left out": (
        "America/Santiago",
        "2026-09-06",
        "2026-09-06",
        "2026-09-06T04:00",
        "2026-09-07T03:00",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_span_of_local_days(case: str) -> None:
    timezone, first, last, start, end = CASES[case]
    window = window_of_days(date.fromisoformat(first), date.fromisoformat(last), timezone)
    assert [moment.astimezone(UTC) for moment in (window.start, window.end)] == [
        datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (start, end)
    ]


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="the last day, 2026-03-01, is before the first, 2026-03-02"):
        window_of_days(date(2026, 3, 2), date(2026, 3, 1), "UTC")
