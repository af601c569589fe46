"""Reads a list from its newest record backwards, and stops early only where the order is proven.

Two things are proven page by page: that every record so far came newest first (`Descent`), and that no row slipped
between two pages (`Pass.is_ordered`). A reading that can prove one of them no more ends at once and says so: it is for
its caller to begin again, or to read the whole list.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingestion.trafft.client import PAGE_SIZE, Page
from ingestion.trafft.offsets import Habits, Step
from ingestion.trafft.order import Descent
from ingestion.trafft.passes import Pages, Pass, Query, Stretch
from ingestion.trafft.scan import fresh_page
from ingestion.trafft.seen import Seen

SortKey = Literal["created_at", "start_time"]
SORT_FIELDS: Mapping[SortKey, str] = {"created_at": "created_at", "start_time": "start_date_time"}
"""The record field behind each of Trafft's sort keys."""


@dataclass(frozen=True)
class RecentReport:
    """How a reading went. It never proves that anything is gone."""

    stopped_early: bool
    """Whether the rest of the list was left out, because it is older than asked for."""
    is_ordered: bool
    """Whether everything read was newest first."""
    has_moved: bool
    """Whether rows may have slipped between two pages, because they moved meanwhile or pages cannot overlap."""
    reason: str
    """Why it ended where it did, in words."""
    trouble: str | None
    """What Trafft did not show although it was due, in words."""
    pages: int
    distinct_ids: int
    newest: Mapping[str, Any] | None
    """The first record of the first page, None when that had none with an id."""

    @property
    def is_proven(self) -> bool:
        """Whether everything down to where it ended was seen."""
        return self.is_ordered and not self.has_moved and self.trouble is None


class RecentRead:
    """A reading from the newest record backwards: iterate it to the end, then read `report`. See `newest_first`."""

    def __init__(
        self,
        client: Pages,
        query: Query,
        until: Callable[[Mapping[str, Any]], bool],
        *,
        page_size: int,
        seen: Seen,
        first: Step | None,
    ) -> None:
        self.report: RecentReport | None = None
        self._client = client
        self._query = query
        self._until = until
        self._page_size = page_size
        self._seen = seen
        self._first = first
        self._newest: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[Page]:
        self.report = None
        reading = Pass(self._client, self._query, Habits(self._page_size), self._seen, first=self._first)
        descent = Descent(self._query.sort_field or "")
        stopped_early = False
        self._newest = None
        for stretch in reading:
            yield fresh_page(stretch)
            records = _readable(stretch)
            if reading.pages == 1 and records:
                self._newest = records[0][0]
            descent.read(records)
            if descent.is_broken or not reading.is_ordered:
                break
            if descent.is_proven and records and all(self._until(record) for record, _ in records):
                stopped_early = True
                break
        self.report = self._report(reading, descent, stopped_early=stopped_early)

    def _report(self, reading: Pass, descent: Descent, *, stopped_early: bool) -> RecentReport:
        return RecentReport(
            stopped_early=stopped_early,
            is_ordered=not descent.is_broken,
            has_moved=not reading.is_ordered,
            reason=reading.trouble or _why_ended(reading, descent, stopped_early=stopped_early),
            trouble=reading.trouble,
            pages=reading.pages,
            distinct_ids=self._seen.distinct(reading.turn) - self._seen.unreadable(reading.turn),
            newest=self._newest,
        )


def newest_first(
    client: Pages,
    resource: str,
    *,
    sort_by: SortKey,
    until: Callable[[Mapping[str, Any]], bool],
    page_size: int = PAGE_SIZE,
    seen: Seen | None = None,
    first: Step | None = None,
) -> RecentRead:
    """Read a list from its newest record, or from the page `first`, to the first whole page that is all `until`.

    It stops there only if every record so far came newest first and no row can have slipped between two pages.
    """
    hints = {"sort_by": sort_by, "sort_order": "desc"}
    query = Query(resource, {}, hints, SORT_FIELDS[sort_by], max_pages=10_000)
    return RecentRead(client, query, until, page_size=page_size, seen=seen or Seen(), first=first)


def _why_ended(reading: Pass, descent: Descent, *, stopped_early: bool) -> str:
    if stopped_early:
        return "the list came newest first, and a whole page was older than asked for"
    if descent.is_broken:
        return "the list did not come newest first"
    if not reading.is_ordered:
        return "rows moved between two pages"
    return "the list ended"


def _readable(stretch: Stretch) -> list[tuple[dict[str, Any], bool]]:
    """Return the records that have an id, and with each whether it is new in this reading."""
    rows = zip(stretch.page.records, stretch.sifted.ids, stretch.sifted.new, strict=True)
    return [(record, is_new) for record, external_id, is_new in rows if external_id is not None]
