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

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingestion.trafft.client import PAGE_SIZE, Page
from ingestion.trafft.offsets import Habits
from ingestion.trafft.passes import Pages, Pass, Query, Stretch
from ingestion.trafft.seen import Seen

SORTABLE: Mapping[str, str] = {"appointments": "created_at"}
"""Lists that Trafft is known to sort on request, and by which field; asked as a hint, never trusted."""
SORT_HINT: Mapping[str, str] = {"sort_by": "created_at", "sort_order": "asc"}
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
    shifted: int
    """Records that stood elsewhere than the pages before let expect, or that came or went between two passes."""
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
        seen: Seen | None = None,
    ) -> None:
        """Shared with other readings of the same list, `seen` keeps what they have shown from coming once more."""
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
        self._seen = seen

    def __iter__(self) -> Iterator[Page]:
        self.report = None
        seen = self._seen or Seen()
        passes: list[Pass] = []
        doubt: str | None = "nothing was read"
        while doubt and len(passes) < self._max_passes:
            reading = Pass(self._client, self._query, self._habits, seen)
            passes.append(reading)
            yield from map(fresh_page, reading)
            doubt = doubt_about(passes, seen)
        if self._query.params:
            doubt = "the list was filtered, which proves nothing about the records left out"
        self.report = _report(passes, seen, doubt)


def fresh_page(stretch: Stretch) -> Page:
    """Return the page with only those of its records that were not shown before in the same form."""
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
    is_second = len(passes) > 1
    if is_second and seen.agrees(reading.turn) and (reading.totals or passes[-2].length == distinct):
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
        shifted=sum(reading.shifted for reading in passes) + sum(seen.moved(reading.turn) for reading in passes[1:]),
        pages=sum(reading.pages for reading in passes),
        passes=len(passes),
        seen_ids=seen,
    )
