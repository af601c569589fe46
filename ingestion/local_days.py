"""Days as a shop counts them, as spans of time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ingestion.reading import Window


def window_of_days(first: date, last: date, timezone: str) -> Window:
    """Return the span from the beginning of the first day to the end of the last, in a zone (IANA).

    A midnight that the clocks leave out is the moment at which they are put forward; one that they show twice is the
    first of the two. Raises `ValueError` when the last day is before the first.
    """
    if last < first:
        raise ValueError(f"the last day, {last}, is before the first, {first}")
    zone = ZoneInfo(timezone)
    start, end = datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)
    return Window(start.astimezone(UTC), end.astimezone(UTC))
