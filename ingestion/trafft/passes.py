"""Reads a list once, from its beginning to its end, and notes whatever makes the reading doubtful."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from ingestion.trafft.client import Page
from ingestion.trafft.errors import ValidationFailed
from ingestion.trafft.offsets import Habits, Step
from ingestion.trafft.order import Order
from ingestion.trafft.seen import Seen, Sifted

HOLE_TRIES = 3
"""A page that is short before the end is asked for so often before the reading goes on without it."""
SMALLEST_LIMIT = 3
"""Nobody shows fewer records at once: a first page with less than this is the whole list."""
LONGEST_NUMBER = 18
"""Ids of more digits are no numbers to us; converting a very long one would fail."""
MOST_HOLES = 3
"""So many holes that stayed end a reading."""


class Pages(Protocol):
    """What a reading needs of a client."""

    def page(self, resource: str, number: int, *, limit: int, params: Mapping[str, str]) -> Page:
        """Return one page; raises the client's typed errors."""


@dataclass(frozen=True)
class Query:
    """A list, what is asked of it with each page, and the record field that it may be sorted by.

    Without its `hints` the question is the same, only the order of the answer may be another.
    """

    resource: str
    params: Mapping[str, str]
    hints: Mapping[str, str]
    sort_field: str | None
    max_pages: int


@dataclass(frozen=True)
class Stretch:
    """One page in its place: its rows are those from `start` on, as far as the page shows the `limit` it could."""

    page: Page
    sifted: Sifted
    start: int
    limit: int

    @property
    def stop(self) -> int:
        return self.start + len(self.page.records)

    @property
    def is_full(self) -> bool:
        return 0 < self.limit <= len(self.page.records)

    @property
    def is_hole(self) -> bool:
        """Whether Trafft says in one breath that there are more rows, and does not show them."""
        return self.page.total is not None and not self.is_full and self.stop < self.page.total


class Pass:
    """One reading. Iterate it to the end, then ask it."""

    def __init__(self, client: Pages, query: Query, habits: Habits, seen: Seen, *, first: Step | None = None) -> None:
        """Read from the beginning, or from the page `first` on."""
        self.turn = seen.begin_turn()
        self.pages = 0
        self.duplicates = 0
        """Records that came again where a new one was due, because rows had moved."""
        self.shifted = 0
        """The same, and records that were new where those of the page before had to come once more."""
        self.totals: list[int] = []
        """What Trafft counted, page by page; empty when it does not count."""
        self.length: int | None = None
        """How many rows the list had by the position of its last one; None when the end was not seen."""
        self.trouble: str | None = None
        """The first thing that went wrong, in words."""
        self._client = client
        self._query = query
        self._habits = habits
        self._seen = seen
        self._first = first or habits.next_step(0, overlap=0)
        self._end = self._first.start
        self._tries = 0
        self._lasting_holes = 0
        self._by_id = Order(unique=True)
        self._by_field = Order(unique=False)
        self._by_field.holds = query.sort_field is not None

    @property
    def is_ordered(self) -> bool:
        """Whether a proven order, or a single page, shows that no row slipped between two pages."""
        return self._by_id.holds or self._by_field.holds or self.pages == 1

    def __iter__(self) -> Iterator[Stretch]:
        step: Step | None = self._first
        while step:
            page = self._ask(step)
            if page is None:
                step = self._habits.next_step(self._end, overlap=self._overlap)
                continue
            stretch = self._place(step, page)
            # Judge the page before it is handed out: whoever takes it may ask at once whether the order still holds.
            step = self._after(step, stretch)
            yield stretch

    def _ask(self, step: Step) -> Page | None:
        """Return the page, or None when Trafft refuses such a request and another one is worth a try."""
        query = self._query
        params = {**query.hints, **query.params} if self._habits.takes_hints else query.params
        try:
            page = self._client.page(query.resource, step.number, limit=step.limit, params=params)
        except ValidationFailed:
            if self._habits.learn_refusal(step):
                return None
            raise
        self.pages += 1
        if page.total is not None:
            self.totals.append(page.total)
        return page

    def _place(self, step: Step, page: Page) -> Stretch:
        rows = len(page.records)
        limit = page.limit or step.limit
        if page.limit is None and page.total is None and step.number == 1 and SMALLEST_LIMIT <= rows < limit:
            limit = rows  # the end, or all that Trafft shows at once; the next page tells
        self._habits.learn_limit(step, limit)
        stretch = Stretch(page, self._seen.sift(page.records, self.turn), (step.number - 1) * limit, limit)
        if self._tries == 0:
            known = max(self._end - stretch.start, 0)
            again = stretch.sifted.new[known:].count(False)
            self.duplicates += again
            self.shifted += again + stretch.sifted.new[:known].count(True)
        return stretch

    def _after(self, step: Step, stretch: Stretch) -> Step | None:
        """Return the next page to ask for, None at the end. The end is a page that is not full."""
        if self.pages >= self._query.max_pages:
            self._doubt(f"the list has more than {self._query.max_pages} pages")
            return None
        if stretch.is_hole:
            return self._after_hole(step, stretch)
        self._tries = 0
        if stretch.page.records:
            self._read_orders(stretch)
        if not stretch.is_full:
            self.length = stretch.stop
            return None
        if not any(stretch.sifted.new):
            self._note_repetition(stretch)
            return None
        self._end = max(self._end, stretch.stop)
        return self._next_step(stretch.page.total)

    def _after_hole(self, step: Step, stretch: Stretch) -> Step | None:
        """Trafft says that there are more rows, and did not show them: ask again, then find a way around."""
        self._tries += 1
        if self._tries < HOLE_TRIES:
            return step
        self._tries = 0
        rows = len(stretch.page.records)
        if step.limit < self._habits.ceiling:
            self._habits.takes_any_limit = False
        elif step.number == 1 and rows:
            self._habits.ceiling = rows
        else:
            self._doubt(f"page {step.number} showed {rows} records although more were due")
            self._end = stretch.start + stretch.limit
            self._lasting_holes += 1
            if self._lasting_holes == MOST_HOLES:
                return None
        return self._next_step(stretch.page.total)

    def _note_repetition(self, stretch: Stretch) -> None:
        """A full page without anything new: the last page once more, or no paging at all. Either way it ends here."""
        total = stretch.page.total
        if total is not None and self._seen.distinct(self.turn) >= total:
            self.length = self._end
        else:
            self._doubt(f"page {stretch.page.number} showed nothing but records of earlier pages")

    def _next_step(self, total: int | None) -> Step:
        """Go on from the end; overlap for the sake of a proven order, or to see the end from a row that is known."""
        is_near_the_end = total is None or self._end >= total
        return self._habits.next_step(self._end, overlap=self._overlap or int(is_near_the_end))

    @property
    def _overlap(self) -> int:
        # Both orders are kept alive while they hold: a page of one client's weekly bookings is sorted by id too, the
        # next is not, and then the field must have been proven all along. Not at any price: an import is one long tie.
        by_id, by_field = self._by_id.overlap, self._by_field.overlap
        return by_id if by_id and by_field > self._habits.ceiling // 2 else max(by_id, by_field)

    def _read_orders(self, stretch: Stretch) -> None:
        self._by_id.read([_number(external_id) for external_id in stretch.sifted.ids if external_id is not None])
        field = self._query.sort_field
        if field is not None and self._by_field.holds:
            pairs = zip(stretch.page.records, stretch.sifted.ids, strict=True)
            self._by_field.read([record.get(field) for record, external_id in pairs if external_id is not None])

    def _doubt(self, trouble: str) -> None:
        self.trouble = self.trouble or trouble


def _number(external_id: str) -> int | None:
    is_number = external_id.isascii() and external_id.isdigit() and len(external_id) <= LONGEST_NUMBER
    return int(external_id) if is_number else None
