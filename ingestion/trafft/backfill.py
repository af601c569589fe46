"""The appointments that start within a span of time, for a back-fill: its pages where the list is sorted, or all."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from ingestion.reading import Outcome, Window
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.client import Page, TrafftClient
from ingestion.trafft.near import before
from ingestion.trafft.offsets import Step
from ingestion.trafft.recent import newest_first
from ingestion.trafft.seen import Seen
from ingestion.trafft.start_times import StartTimes
from ingestion.trafft.whole import WholeList
from ingestion.versions import Observation

TRIES = 3
"""Rows that move may carry the window's edge away from where it was found; each try begins two pages earlier."""


class StartingWithin:
    """Appointments that start in the window, and their neighbours on the same pages: whatever is read is kept.

    Reads the list sorted by start time from the page that begins after the window down to the first whole page before
    it, with every page's order proven. Where that cannot be done, the whole list is read. Never a sweep.
    """

    def __init__(
        self, client: TrafftClient, zone: ZoneInfo, window: Window, *, page_size: int, capabilities: Capabilities
    ) -> None:
        self._client = client
        self._zone = zone
        self._window = window
        self._page_size = page_size
        self._capabilities = capabilities
        self._seen = Seen()
        self._whole: WholeList | None = None
        self._is_proven = False

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        if not self._capabilities.ignores_sort("start_time", "desc"):
            yield from self._read_window()
        if not self._is_proven:
            self._whole = WholeList(
                self._client, "appointments", is_sweep=False, page_size=self._page_size, seen=self._seen
            )
            yield from self._whole

    @property
    def outcome(self) -> Outcome:
        """Return whether all of the window was read; it proves nothing about what is missing."""
        if self._whole is None:
            return Outcome(is_sweep=False, is_complete=True, seen_ids=self._seen)
        whole = self._whole.outcome
        reason = "the list could not be read by start time, so all of it was read"
        note = "; ".join(filter(None, (reason, whole.note)))
        return Outcome(is_sweep=False, is_complete=whole.is_complete, seen_ids=self._seen, note=note)

    def _read_window(self) -> Iterator[Sequence[Observation]]:
        places = StartTimes(self._client, self._zone, page_size=self._page_size)
        turn = self._seen.begin_turn()
        for page in places.open():
            yield self._fresh(page, turn)
        for page in places.last_page_from(self._window.end):
            yield self._fresh(page, turn)
        number = places.page_before(self._window.end)
        for _ in range(TRIES if places.is_ordered else 0):
            yield from self._read_down(Step(number, places.limit))
            if self._is_proven:
                return
            number = max(number - 2, 1)

    def _read_down(self, first: Step) -> Iterator[Sequence[Observation]]:
        reading = newest_first(
            self._client,
            "appointments",
            sort_by="start_time",
            until=before("start_time", self._window.start, self._zone),
            page_size=first.limit,
            seen=self._seen,
            first=first,
        )
        for page in reading:
            yield [Observation(record, page.requested_at) for record in page.records]
        report = reading.report
        if report and report.is_proven and report.newest is not None:
            # Rows may have moved since the page was found: it has to begin after the window now, as it is read.
            is_within = before("start_time", self._window.end, self._zone)
            self._is_proven = first.number == 1 or not is_within(report.newest)

    def _fresh(self, page: Page, turn: int) -> Sequence[Observation]:
        return [Observation(record, page.requested_at) for record in self._seen.sift(page.records, turn).fresh]
