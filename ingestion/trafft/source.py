"""Reads a shop's Trafft lists for the sync: whole lists with a verdict, or only what is new and near."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ingestion.control.records import Integration
from ingestion.reading import Aim, BookingReader, Outcome, Reading
from ingestion.records import Unreadable
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import Policy, TrafftClient
from ingestion.trafft.errors import FeatureNotEnabled, MethodNotAllowed, NotFound
from ingestion.trafft.scan import SORT_FIELDS, Scan, newest_first
from ingestion.trafft.seen import Seen
from ingestion.trafft.values import moment
from ingestion.versions import Observation

OPTIONAL_LISTS = frozenset({"locations"})
"""Lists that an account may not have; Trafft then answers 403, 404 or 405, or an empty list."""
SMALL_LIST = 20_000
"""Up to this many appointments (200 pages) an incremental sync reads the whole list: that costs less than a wrong guess
of what changed, and Trafft has no `updated_at` to ask for."""
WINDOW = timedelta(days=60)
"""How far back an appointment's start may lie for a status set late, or a new time, to be found within the hour."""
OVERLAP = timedelta(hours=2)
"""Created before the last sync began, but perhaps shown only after it."""

SortKey = Literal["created_at", "start_time"]


class WholeList:
    """A list read from its first page to its last, as often as it takes to be sure of it."""

    def __init__(self, client: TrafftClient, resource: str, *, is_sweep: bool) -> None:
        self._scan = Scan(client, resource)
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
            is_sweep=self._is_sweep, is_complete=report.complete, seen_ids=report.seen_ids, note=report.reason
        )


class NewAndNear:
    """Appointments created since `since`, and those that start in the last `WINDOW` or later; small lists in whole.

    The rest waits for the nightly sweep: a status that is set more than `WINDOW` after the start, say.
    """

    def __init__(self, client: TrafftClient, zone: ZoneInfo, since: datetime) -> None:
        self._client = client
        self._zone = zone
        self._since = since
        self._whole: WholeList | None = None
        self._seen = Seen()
        self._notes: list[str] = []
        self._has_trouble = False

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        total = self._client.page("appointments", 1, limit=1).total
        if total is None or total <= SMALL_LIST:
            self._whole = WholeList(self._client, "appointments", is_sweep=False)
            yield from self._whole
        else:
            yield from self._read("created_at", self._since - OVERLAP)
            yield from self._read("start_time", datetime.now(UTC) - WINDOW)

    @property
    def outcome(self) -> Outcome:
        """Return whether everything asked for was read; it proves nothing about what is missing."""
        if self._whole:
            return self._whole.outcome
        seen: Container[str] = self._seen
        note = "; ".join(self._notes) or None
        return Outcome(is_sweep=False, is_complete=not self._has_trouble, seen_ids=seen, note=note)

    def _read(self, sort_by: SortKey, bound: datetime) -> Iterator[Sequence[Observation]]:
        """Read down to the bound, leaving out what was shown before in the same form."""
        reading = newest_first(self._client, "appointments", sort_by=sort_by, until=self._is_before(sort_by, bound))
        turn = self._seen.begin_turn()
        for page in reading:
            fresh = self._seen.sift(page.records, turn).fresh
            yield [Observation(record, page.requested_at) for record in fresh]
        if reading.report and (reading.report.trouble or not reading.report.stopped_early):
            self._notes.append(f"by {sort_by}: {reading.report.reason}")
            self._has_trouble = self._has_trouble or reading.report.trouble is not None

    def _is_before(self, sort_by: SortKey, bound: datetime) -> Callable[[Mapping[str, Any]], bool]:
        field = SORT_FIELDS[sort_by]

        def is_before(record: Mapping[str, Any]) -> bool:
            try:
                at = moment(record.get(field), self._zone)
            except Unreadable:
                return False
            return at is not None and at < bound

        return is_before


class TrafftReader:
    """One open account."""

    def __init__(self, client: TrafftClient, zone: ZoneInfo) -> None:
        self._client = client
        self._zone = zone

    @property
    def traffic(self) -> Mapping[str, float]:
        """Return requests, retries, bytes and seconds waited so far."""
        stats = self._client.stats
        return {
            "requests": stats.requests,
            "retries": stats.retries,
            "bytes": stats.bytes,
            "waited_seconds": stats.waited_seconds,
        }

    def read(self, resource: str, aim: Aim, *, since: datetime | None) -> Reading:
        """Return a reading of one list; an incremental one of many appointments reads what is new and what is near."""
        if resource == "appointments" and aim.sync_type == "incremental" and since is not None:
            return NewAndNear(self._client, self._zone, since)
        return WholeList(self._client, resource, is_sweep=aim.sync_type == "full")


@contextmanager
def open_reader(integration: Integration, credentials: Credentials, *, allow_loopback: bool) -> Iterator[BookingReader]:
    """Open the shop's account. Raises `InsecureUrl` at once; wrong credentials show at the first page."""
    settings = integration.settings
    policy = Policy(requests_per_minute=settings.requests_per_minute, allow_loopback=allow_loopback)
    with TrafftClient(integration.base_url, credentials, policy=policy) as client:
        yield TrafftReader(client, ZoneInfo(integration.timezone))
