"""The list of appointments sorted by start time, latest first: finds the pages on which a moment lies, by bisection.

Each page that is looked at must be sorted, and fit between those looked at before; one that does not ends the search
(`is_ordered`), because then nothing tells where to look next.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable
from ingestion.trafft.client import Page, TrafftClient
from ingestion.trafft.errors import ValidationFailed
from ingestion.trafft.offsets import FALLBACK_LIMITS
from ingestion.trafft.recent import SORT_FIELDS
from ingestion.trafft.values import moment

_PARAMS = {"sort_by": "start_time", "sort_order": "desc"}


@dataclass(frozen=True)
class Span:
    """What one page showed: its latest and its earliest start."""

    latest: datetime
    earliest: datetime


class StartTimes:
    """The sorted list as far as it was looked at. Rows may move meanwhile: what is found is where to read, no proof."""

    def __init__(self, client: TrafftClient, zone: ZoneInfo, *, page_size: int) -> None:
        self.is_ordered = True
        self.looks = 0
        """Pages asked for so far."""
        self.limit = page_size
        self.pages = 0
        """How many pages of `limit` records the list has; 0 before the first look, or when Trafft does not count."""
        self._client = client
        self._zone = zone
        self._spans: dict[int, Span] = {}

    def open(self) -> Iterator[Page]:
        """Look at the first page, which tells how long the list is; yields it."""
        for limit in dict.fromkeys((self.limit, *FALLBACK_LIMITS)):
            self.limit = min(limit, self.limit)
            try:
                page = self._look(1)
            except ValidationFailed:
                continue
            self.limit = page.limit or len(page.records) or self.limit
            self.pages = -(-(page.total or 0) // self.limit)
            yield page
            return
        self.is_ordered = False

    def last_page_from(self, at: datetime) -> Iterator[Page]:
        """Look for the last page that begins at or after the moment; yields each page on the way. See `page_before`."""
        low, high = 1, self.pages + 1
        while high - low > 1 and self.is_ordered:
            middle = (low + high) // 2
            yield from self._visit(middle)
            span = self._spans.get(middle)
            if span is None or not self.is_ordered:
                return
            low, high = (middle, high) if span.latest >= at else (low, middle)

    def page_before(self, at: datetime) -> int:
        """Return the last page looked at that begins at or after the moment; 1 when there is none."""
        return max((number for number, span in self._spans.items() if span.latest >= at), default=1)

    def pages_with(self, at: datetime, *, most: int) -> Iterator[Page]:
        """Look for the page on which the moment lies, in at most so many looks; yields each page that was asked for.

        Rows that start at the same moment may lie on both sides of an edge: then the pages beside it follow.
        """
        low, high, found = 1, self.pages, 0
        looks_before = self.looks
        while low <= high and self.is_ordered and self.looks - looks_before < most:
            middle = (low + high) // 2
            yield from self._visit(middle)
            span = self._spans.get(middle)
            if span is None:
                return
            if at > span.latest:
                high = middle - 1
            elif at < span.earliest:
                low = middle + 1
            else:
                found = middle
                break
        yield from self._beside(found, at, most=most - (self.looks - looks_before))

    def _beside(self, number: int, at: datetime, *, most: int) -> Iterator[Page]:
        span = self._spans.get(number)
        beside = [number - 1] if span and span.latest == at else []
        beside += [number + 1] if span and span.earliest == at else []
        for neighbour in [each for each in beside if 1 <= each <= self.pages][:most]:
            yield from self._visit(neighbour)

    def _visit(self, number: int) -> Iterator[Page]:
        if number not in self._spans:
            yield self._look(number)

    def _look(self, number: int) -> Page:
        self.looks += 1
        page = self._client.page("appointments", number, limit=self.limit, params=_PARAMS)
        starts = self._starts(page)
        if starts:
            self._note(number, Span(starts[0], starts[-1]))
        return page

    def _starts(self, page: Page) -> Sequence[datetime]:
        """Return the starts of a page in their order; none, and no order any more, when one cannot be read."""
        field = SORT_FIELDS["start_time"]
        records = [record for record in page.records if isinstance(record, dict)]
        try:
            starts = [moment(record.get(field), self._zone) for record in records]
        except Unreadable:
            starts = [None]
        known = [start for start in starts if start is not None]
        if len(known) < len(starts) or any(upper < lower for upper, lower in pairwise(known)):
            self.is_ordered = False
            return []
        return known

    def _note(self, number: int, span: Span) -> None:
        for other, known in self._spans.items():
            is_apart = known.earliest >= span.latest if other < number else span.earliest >= known.latest
            self.is_ordered = self.is_ordered and is_apart
        self._spans[number] = span
