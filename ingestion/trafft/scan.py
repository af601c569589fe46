"""Reads a whole list while it may be changing, and says whether everything in it was seen.

Trafft has no "changed since" and tells of no deletion: what is gone shows only by its absence from a complete reading.
So a wrong "complete" removes a customer's live bookings, and completeness is claimed only where it is proven:

* In every case each page answered, none was short before the end, and the number of different records equals the
  position of the last row and, where Trafft counts, the total that it gave on every page.
* And either the list has one page; or it was sorted by its ids (or by `created_at`), each page began at or before the
  last row of the one before, and so no row slipped between two requests (see order.py);
* or two readings in a row showed exactly the same records. Whatever both have shown lived at the moment between them,
  when the list was as long: so that is all there was, in whatever order the pages came. (A record that is deleted,
  read and restored again just then could deceive this; such cases are why a tombstone needs two complete scans.)

Where Trafft gives no totals, only two equal readings count, and their positions tell how long the list was.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ingestion.trafft.client import PAGE_SIZE, Page
from ingestion.trafft.offsets import Habits
from ingestion.trafft.order import Descent
from ingestion.trafft.passes import Pages, Pass, Query, Stretch
from ingestion.trafft.seen import Seen

SORTABLE: Mapping[str, str] = {"appointments": "created_at"}
"""Lists that Trafft is known to sort on request, and by which field; asked as a hint, never trusted."""
SORT_HINT: Mapping[str, str] = {"sort_by": "created_at", "sort_order": "asc"}
SORT_FIELDS: Mapping[str, str] = {"created_at": "created_at", "start_time": "start_date_time"}
"""The record field behind each of Trafft's sort keys."""
MOST_PASSES = 200
_NO_PARAMS: Mapping[str, str] = {}


@dataclass(frozen=True)
class ScanReport:
    """What a finished scan proves, and how it went: `pages` and `duplicates` in all passes, the rest in the last."""

    complete: bool
    reason: str | None
    """Why not, in words that can be shown to a person; None when complete."""
    total_first: int | None
    total_last: int | None
    distinct_ids: int
    unreadable: int
    """Different records without a usable id."""
    duplicates: int
    pages: int
    passes: int
    seen_ids: Container[str] = field(repr=False)
    """Every id that any pass has shown."""


class Scan:
    """One scan of one list: iterate it to the end, then read `report`.

    Its pages hold what this scan has not yet shown in the same form (id and content), so a record comes again only when
    it has changed meanwhile. Raises the client's typed errors; never for a list that could not be read completely.
    """

    def __init__(
        self,
        client: Pages,
        resource: str,
        *,
        page_size: int = PAGE_SIZE,
        params: Mapping[str, str] = _NO_PARAMS,
        max_pages: int = 10_000,
        max_passes: int = 3,
    ) -> None:
        if not 1 <= max_passes <= MOST_PASSES:
            raise ValueError(f"max_passes must be from 1 to {MOST_PASSES}, got {max_passes}")
        hint = SORT_HINT if resource in SORTABLE else _NO_PARAMS
        self.report: ScanReport | None = None
        self._client = client
        wishes = {name: value for name, value in params.items() if name in SORT_HINT}
        filters = {name: value for name, value in params.items() if name not in SORT_HINT}
        self._query = Query(resource, filters, {**hint, **wishes}, SORTABLE.get(resource), max_pages)
        self._habits = Habits(page_size, takes_hints=bool(self._query.hints))
        self._max_passes = max_passes

    def __iter__(self) -> Iterator[Page]:
        self.report = None
        seen = Seen()
        passes: list[Pass] = []
        doubt: str | None = "nothing was read"
        while doubt and len(passes) < self._max_passes:
            reading = Pass(self._client, self._query, self._habits, seen)
            passes.append(reading)
            yield from map(_fresh_page, reading)
            doubt = doubt_about(passes, seen)
        if self._query.params:
            doubt = "the list was filtered, which proves nothing about the records left out"
        self.report = _report(passes, seen, doubt)


@dataclass(frozen=True)
class RecentReport:
    """How an incremental read went. It never proves that anything is gone."""

    stopped_early: bool
    """Whether the rest of the list was left out, because it is older than asked for."""
    is_ordered: bool
    """Whether everything read was newest first."""
    reason: str
    """Why it ended where it did, in words."""
    trouble: str | None
    """What makes it doubtful that everything down to there was seen, in words."""
    pages: int
    distinct_ids: int


class RecentRead:
    """An incremental read of one list: iterate it to the end, then read `report`. Made by `newest_first`."""

    def __init__(self, client: Pages, query: Query, page_size: int, until: Callable[[dict[str, Any]], bool]) -> None:
        self.report: RecentReport | None = None
        self._client = client
        self._query = query
        self._page_size = page_size
        self._until = until

    def __iter__(self) -> Iterator[Page]:
        self.report = None
        seen = Seen()
        reading = Pass(self._client, self._query, Habits(self._page_size), seen)
        descent = Descent(self._query.sort_field or "")
        stopped_early = False
        for stretch in reading:
            yield _fresh_page(stretch)
            records = _readable(stretch)
            descent.read(records)
            if descent.is_proven and records and all(self._until(record) for record, _ in records):
                stopped_early = True
                break
        self.report = RecentReport(
            stopped_early=stopped_early,
            is_ordered=descent.is_proven,
            reason=reading.trouble or _why_ended(stopped_early=stopped_early, is_ordered=descent.is_proven),
            trouble=reading.trouble,
            pages=reading.pages,
            distinct_ids=seen.distinct(reading.turn) - seen.unreadable(reading.turn),
        )


def newest_first(
    client: Pages,
    resource: str,
    *,
    sort_by: Literal["created_at", "start_time"],
    until: Callable[[dict[str, Any]], bool],
    page_size: int = PAGE_SIZE,
    max_pages: int = 10_000,
) -> RecentRead:
    """Read a list from its newest record backwards, to the first whole page on which `until` holds for every record.

    It stops there only if every record so far came newest first; a list that is in another order is read to its end.
    """
    hints = {"sort_by": sort_by, "sort_order": "desc"}
    return RecentRead(client, Query(resource, {}, hints, SORT_FIELDS[sort_by], max_pages), page_size, until)


def _why_ended(*, stopped_early: bool, is_ordered: bool) -> str:
    if stopped_early:
        return "the list came newest first, and a whole page was older than asked for"
    if is_ordered:
        return "the list ended"
    return "the list did not come newest first, so all of it was read"


def _readable(stretch: Stretch) -> list[tuple[dict[str, Any], bool]]:
    """Return the records that have an id, and with each whether it is new in this reading."""
    rows = zip(stretch.page.records, stretch.sifted.ids, stretch.sifted.new, strict=True)
    return [(record, is_new) for record, external_id, is_new in rows if external_id is not None]


def _fresh_page(stretch: Stretch) -> Page:
    fresh = stretch.sifted.fresh
    return stretch.page if len(fresh) == len(stretch.page.records) else replace(stretch.page, records=fresh)


def doubt_about(passes: Sequence[Pass], seen: Seen) -> str | None:
    """Return why the last pass, with the one before, does not prove that everything was seen; None when it does."""
    reading = passes[-1]
    distinct = seen.distinct(reading.turn)
    if reading.trouble:
        return reading.trouble
    if len(set(reading.totals)) > 1:
        least, most = min(reading.totals), max(reading.totals)
        return f"the list changed while it was read: Trafft counted from {least} to {most} records"
    if reading.totals and reading.totals[0] != distinct:
        return f"Trafft counts {reading.totals[0]} records but showed {distinct} different ones"
    if reading.length != distinct:
        return f"the list has {reading.length} rows but only {distinct} different records: it changed while it was read"
    if reading.totals and distinct and reading.is_ordered:
        return None
    if seen.agrees(reading.turn) and (reading.totals or passes[-2].length == distinct):
        return None
    return "the list has no order that proves a single reading, and no two readings in a row showed the same records"


def _report(passes: Sequence[Pass], seen: Seen, doubt: str | None) -> ScanReport:
    totals, turn = passes[-1].totals, passes[-1].turn
    return ScanReport(
        complete=doubt is None,
        reason=doubt,
        total_first=totals[0] if totals else None,
        total_last=totals[-1] if totals else None,
        distinct_ids=seen.distinct(turn) - seen.unreadable(turn),
        unreadable=seen.unreadable(turn),
        duplicates=sum(reading.duplicates for reading in passes),
        pages=sum(reading.pages for reading in passes),
        passes=len(passes),
        seen_ids=seen,
    )
