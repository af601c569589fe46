"""A Trafft list read from its first page to its last, with a verdict on whether that was all of it."""

from collections.abc import Iterator, Sequence

from ingestion.reading import Evidence, Outcome
from ingestion.trafft.client import PAGE_SIZE, TrafftClient
from ingestion.trafft.errors import FeatureNotEnabled, MethodNotAllowed, NotFound
from ingestion.trafft.scan import Scan, ScanReport
from ingestion.trafft.seen import Seen
from ingestion.versions import Observation

OPTIONAL_LISTS = frozenset({"locations"})
"""Lists that an account may not have; Trafft then answers 403, 404 or 405, or an empty list."""


class WholeList:
    """A list read whole, as often as it takes to be sure of it."""

    def __init__(
        self,
        client: TrafftClient,
        resource: str,
        *,
        is_sweep: bool,
        page_size: int = PAGE_SIZE,
        seen: Seen | None = None,
    ) -> None:
        """Records that `seen` has shown already do not come again."""
        self._scan = Scan(client, resource, page_size=page_size, seen=seen)
        self._resource = resource
        self._is_sweep = is_sweep
        self._absent: str | None = None

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        try:
            for page in self._scan:
                yield [Observation(record, page.requested_at) for record in page.records]
        except (FeatureNotEnabled, NotFound, MethodNotAllowed) as error:
            if self._resource not in OPTIONAL_LISTS:
                raise
            self._absent = f"this account has no {self._resource} ({error.what})"

    @property
    def outcome(self) -> Outcome:
        """Return what the reading proves. A list that the account does not have proves nothing of its records."""
        if self._absent:
            return Outcome(is_sweep=False, is_complete=True, note=self._absent)
        report = self._scan.report
        if report is None:
            raise RuntimeError("the outcome of a reading is known after its last page")
        return Outcome(
            is_sweep=self._is_sweep,
            is_complete=report.complete,
            seen_ids=report.seen_ids,
            note=report.reason,
            evidence=evidence_of(report),
        )


def evidence_of(report: ScanReport) -> Evidence:
    """Return what a scan went through, as a certificate keeps it."""
    return Evidence(
        total_first=report.total_first,
        total_last=report.total_last,
        passes=report.passes,
        pages=report.pages,
        ids_seen=report.distinct_ids,
        duplicates=report.duplicates,
        rows_shifted=report.shifted,
        unreadable=report.unreadable,
    )
