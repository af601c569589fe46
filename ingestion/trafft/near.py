"""The appointments of an incremental sync: what is new, and what is near enough to change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.reading import Outcome
from ingestion.records import Unreadable
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.client import TrafftClient
from ingestion.trafft.recent import SORT_FIELDS, RecentReport, SortKey, newest_first
from ingestion.trafft.seen import Seen
from ingestion.trafft.values import moment
from ingestion.trafft.whole import WholeList
from ingestion.versions import Observation

WINDOW = timedelta(days=60)
"""How far back an appointment's start may lie for a status set late, or a new time, to be found within the hour."""
OVERLAP = timedelta(hours=2)
"""Created before the last sync began, but perhaps shown only after it."""
TRIES = 2
"""A reading between whose pages rows moved is begun anew once; then reading the list whole is cheaper than hoping."""


class NewAndNear:
    """Appointments created since `since`, and those that start in the last `WINDOW` or later; small lists in whole.

    Where the account does not sort, or rows keep moving, all is read, and the note says so. The rest waits for the
    nightly sweep: a status that is set more than `WINDOW` after the start, say.
    """

    def __init__(
        self,
        client: TrafftClient,
        zone: ZoneInfo,
        since: datetime,
        *,
        small_list: int,
        page_size: int,
        capabilities: Capabilities,
    ) -> None:
        self._client = client
        self._zone = zone
        self._since = since
        self._small_list = small_list
        self._page_size = page_size
        self._capabilities = capabilities
        self._seen = Seen()
        self._whole: WholeList | None = None
        self._notes: list[str] = []
        self._has_trouble = False

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        first = self._client.page("appointments", 1, limit=1)
        if first.total is None or first.total <= self._small_list:
            yield from self._read_whole()
            return
        bounds: Mapping[SortKey, datetime] = {
            "created_at": self._since - OVERLAP,
            "start_time": first.requested_at - WINDOW,
        }
        for sort_by, bound in bounds.items():
            yield from self._read_down(sort_by, bound)
            if self._whole:
                return

    @property
    def outcome(self) -> Outcome:
        """Return whether everything asked for was read; it proves nothing about what is missing."""
        is_complete = not self._has_trouble
        notes = list(self._notes)
        if self._whole:
            whole = self._whole.outcome
            is_complete = whole.is_complete
            notes += [whole.note] if whole.note else []
        return Outcome(is_sweep=False, is_complete=is_complete, seen_ids=self._seen, note="; ".join(notes) or None)

    def _read_whole(self) -> Iterator[Sequence[Observation]]:
        self._whole = WholeList(
            self._client, "appointments", is_sweep=False, page_size=self._page_size, seen=self._seen
        )
        yield from self._whole

    def _read_down(self, sort_by: SortKey, bound: datetime) -> Iterator[Sequence[Observation]]:
        """Read down to the bound, or everything where that proves impossible."""
        if self._capabilities.ignores_sort(sort_by, "desc"):
            reason = "the probe of this account found that it does not sort so"
        else:
            is_before = before(sort_by, bound, self._zone)
            for _ in range(TRIES):
                reading = newest_first(
                    self._client,
                    "appointments",
                    sort_by=sort_by,
                    until=is_before,
                    page_size=self._page_size,
                    seen=self._seen,
                )
                for page in reading:
                    yield [Observation(record, page.requested_at) for record in page.records]
                assert reading.report  # noqa: S101 -- set by the loop above
                if self._settles(sort_by, reading.report):
                    return
                reason = reading.report.reason
                if not reading.report.is_ordered:
                    break
        self._notes.append(f"by {sort_by}: {reason}, so the whole list was read")
        yield from self._read_whole()

    def _settles(self, sort_by: SortKey, report: RecentReport) -> bool:
        """Whether nothing more can be done here: all was seen, or Trafft itself did not show what was due."""
        if report.trouble:
            self._notes.append(f"by {sort_by}: {report.reason}")
            self._has_trouble = True
        return report.is_proven or report.trouble is not None


def before(sort_by: SortKey, bound: datetime, zone: ZoneInfo) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether a record's moment lies before the bound; one that cannot be read does not."""
    field = SORT_FIELDS[sort_by]

    def is_before(record: Mapping[str, Any]) -> bool:
        try:
            at = moment(record.get(field), zone)
        except Unreadable:
            return False
        return at is not None and at < bound

    return is_before
