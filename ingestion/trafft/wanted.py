"""The appointments that webhooks told of: the newest pages first, then the rest of a short list or the pages of their
start times in a long one."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ingestion.reading import Outcome
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.client import Page, TrafftClient
from ingestion.trafft.errors import ValidationFailed
from ingestion.trafft.seen import Seen
from ingestion.trafft.start_times import StartTimes
from ingestion.versions import Observation

NEWEST_PAGES = 2
"""Most webhooks tell of a booking just made; those pages show it."""
SMALL_LIST_PAGES = 12
"""A list of no more pages is read on to its end: that costs no more than looking for one start, and asks no order."""
LOOKS_EACH = 12
"""Twelve looks find one page among 4,096, which is more than any shop has."""
LOOKS_IN_ALL = 60
"""After so many the hourly sync is the cheaper way to find the rest."""
_NEWEST = {"sort_by": "created_at", "sort_order": "desc"}


class WantedAppointments:
    """Looks for certain appointments, and shows whatever the pages held. Which were found, `outcome.seen_ids` says.

    What is not found is left to the hourly sync, which reads every page that it may stand on; the note says how many.
    """

    def __init__(
        self,
        client: TrafftClient,
        zone: ZoneInfo,
        wanted: Mapping[str, datetime | None],
        *,
        page_size: int,
        capabilities: Capabilities,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._page_size = page_size
        self._capabilities = capabilities
        self._places = StartTimes(client, zone, page_size=page_size)
        self._seen = Seen()
        self._turn = self._seen.begin_turn()
        self._rest = range(0)
        """Numbers of the pages after the newest, if there are few."""

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        if self._wanted:
            yield from self._read_newest()
            if self._unseen() and self._rest:
                yield from self._read_rest()
            elif self._unseen() and not self._capabilities.ignores_sort("start_time", "desc"):
                yield from self._read_by_start()

    @property
    def outcome(self) -> Outcome:
        """Return what was seen; it proves nothing about what is missing."""
        left = len(self._unseen())
        note = f"{left} appointments that webhooks told of were not found; left to the hourly sync" if left else None
        return Outcome(is_sweep=False, is_complete=True, seen_ids=self._seen, note=note)

    def _unseen(self) -> list[str]:
        return [external_id for external_id in self._wanted if external_id not in self._seen]

    def _read_newest(self) -> Iterator[Sequence[Observation]]:
        for number in range(1, NEWEST_PAGES + 1):
            try:
                page = self._client.page("appointments", number, limit=self._page_size, params=_NEWEST)
            except ValidationFailed:
                return
            yield self._fresh(page)
            if not self._unseen() or not page.records:
                return
        pages = math.ceil((page.total or 0) / (page.limit or self._page_size))
        if pages <= SMALL_LIST_PAGES:
            self._rest = range(NEWEST_PAGES + 1, pages + 1)

    def _read_rest(self) -> Iterator[Sequence[Observation]]:
        for number in self._rest:
            yield self._fresh(self._client.page("appointments", number, limit=self._page_size, params=_NEWEST))
            if not self._unseen():
                return

    def _read_by_start(self) -> Iterator[Sequence[Observation]]:
        starts = sorted({at for external_id in self._unseen() if (at := self._wanted[external_id]) is not None})
        if not starts:
            return
        for page in self._places.open():
            yield self._fresh(page)
        for at in starts:
            if any(self._wanted[external_id] == at for external_id in self._unseen()):
                left = min(LOOKS_EACH, LOOKS_IN_ALL - self._places.looks)
                for page in self._places.pages_with(at, most=left):
                    yield self._fresh(page)

    def _fresh(self, page: Page) -> Sequence[Observation]:
        fresh = self._seen.sift(page.records, self._turn).fresh
        return [Observation(record, page.requested_at) for record in fresh]
