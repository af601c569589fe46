"""Finds out what an account honours, in some fifteen requests: page sizes, sorting, filters, single records.

Trafft's features depend on the plan, and its API is still growing. What cannot be told (too few records, an error) is
None. Only credentials that are refused end a probe: everything else is an answer.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.records import Unreadable
from ingestion.trafft.capabilities import Capabilities, Direction
from ingestion.trafft.client import Page, TrafftClient
from ingestion.trafft.errors import (
    AuthenticationFailed,
    FeatureNotEnabled,
    MethodNotAllowed,
    NotFound,
    TrafftError,
    ValidationFailed,
)
from ingestion.trafft.offsets import FALLBACK_LIMITS
from ingestion.trafft.recent import SORT_FIELDS, SortKey
from ingestion.trafft.values import identifier, moment

TOO_LARGE = 1_000
"""No client is known to ask for so many records a page: what comes shows where the ceiling is."""
SAMPLE = 50
"""Records on a page that is looked at for its order: enough to show a rise or a fall, small enough for any account."""
_ANY_ZONE = ZoneInfo("UTC")
_DIRECTIONS: tuple[Direction, ...] = ("asc", "desc")
_NO_PARAMS: Mapping[str, str] = {}


def probe(client: TrafftClient) -> Capabilities:
    """Return what the account honours. Raises `AuthenticationFailed` and no other of Trafft's errors."""
    found = _Probe(client)
    return Capabilities(
        counts_records=None if found.first is None else found.first.total is not None,
        **found.limits(),
        sorts=found.sorts(),
        filters=found.filters(),
        has_locations=found.offers(lambda: client.page("locations", 1, limit=1)),
        reads_one_appointment=found.reads_one_appointment(),
        has_available_times=found.has_available_times(),
    )


class _Probe:
    """One look at an account, over the first page of its appointments."""

    def __init__(self, client: TrafftClient) -> None:
        self._client = client
        self._limit = SAMPLE
        self.first = self._first_page()
        records = self.first.records if self.first else []
        self._records = [record for record in records if isinstance(record, dict)]

    def limits(self) -> dict[str, Any]:
        """Ask for far more records than any page can have."""
        try:
            page = self._client.page("appointments", 1, limit=TOO_LARGE)
        except ValidationFailed:
            return {"refuses_limit": True, "clamps_limit": False, "largest_page": None}
        except AuthenticationFailed:
            raise
        except TrafftError:
            return {}
        shown = len(page.records)
        is_cut = shown < TOO_LARGE and (page.total is None or page.total > shown)
        is_cut = is_cut or (page.limit is not None and page.limit < TOO_LARGE)
        largest = (page.limit or shown) if is_cut else shown if shown == TOO_LARGE else None
        return {"refuses_limit": False, "clamps_limit": is_cut if shown else None, "largest_page": largest}

    def sorts(self) -> dict[str, bool | None]:
        """Ask for each order, and look whether the page came in it."""
        return dict(self._sorts())

    def _sorts(self) -> Iterator[tuple[str, bool | None]]:
        for sort_by in SORT_FIELDS:
            for direction in _DIRECTIONS:
                page = self._page({"sort_by": sort_by, "sort_order": direction})
                yield f"{sort_by} {direction}", None if page is None else _is_sorted(page, sort_by, direction)

    def filters(self) -> dict[str, bool | None]:
        """Ask for what not every record is, and look whether only such records came."""
        statuses = {str(record.get("status")) for record in self._records}
        customers = [customer for record in self._records for customer in _customers(record)]
        found: dict[str, bool | None] = {"status": None, "customerId": None}
        if len(statuses) > 1:
            status = min(statuses)
            found["status"] = self._fits({"status": status}, lambda record: str(record.get("status")) == status)
        if len(set(customers)) > 1:
            wanted = customers[0]
            found["customerId"] = self._fits({"customerId": wanted}, lambda record: wanted in _customers(record))
        return found

    def reads_one_appointment(self) -> bool | None:
        """Ask for one appointment by its id; Trafft is known to answer 405."""
        external_id = next((key for record in self._records if (key := _id_of(record))), None)
        return None if external_id is None else self.offers(lambda: self._client.record("appointments", external_id))

    def has_available_times(self) -> bool | None:
        """Ask for the free times of one service in the coming week."""
        services = self._page(_NO_PARAMS, "services")
        service = next((key for record in (services.records if services else ()) if (key := _id_of(record))), None)
        if service is None:
            return None
        today = self._client.now().date()
        days = {"calendar_start_date": today, "calendar_end_date": today + timedelta(days=6)}
        params = {"service": service, **{name: day.isoformat() for name, day in days.items()}}
        return self.offers(lambda: self._client.page("available-times", 1, limit=1, params=params))

    def offers(self, ask: Callable[[], object]) -> bool | None:
        """Whether the account has this at all: an answer of whatever shape says yes, 403, 404 and 405 say no."""
        try:
            ask()
        except (FeatureNotEnabled, NotFound, MethodNotAllowed):
            return False
        except AuthenticationFailed:
            raise
        except TrafftError:
            return None
        return True

    def _fits(self, params: Mapping[str, str], is_meant: Callable[[Mapping[str, Any]], bool]) -> bool | None:
        page = self._page(params)
        if page is None or not page.records:
            return None
        return all(isinstance(record, dict) and is_meant(record) for record in page.records)

    def _first_page(self) -> Page | None:
        for limit in (SAMPLE, *(limit for limit in FALLBACK_LIMITS if limit < SAMPLE)):
            self._limit = limit
            if page := self._page(_NO_PARAMS):
                return page
        return None

    def _page(self, params: Mapping[str, str], resource: str = "appointments") -> Page | None:
        try:
            return self._client.page(resource, 1, limit=self._limit, params=params)
        except AuthenticationFailed:
            raise
        except TrafftError:
            return None


def _is_sorted(page: Page, sort_by: SortKey, direction: Direction) -> bool | None:
    """Whether the page came in that order; None when all its moments are one, or cannot be read."""
    records = [record for record in page.records if isinstance(record, dict) and _id_of(record)]
    try:
        found = [moment(record.get(SORT_FIELDS[sort_by]), _ANY_ZONE) for record in records]
    except Unreadable:
        return None
    moments = [at for at in found if at is not None]
    if len(moments) < len(found) or len(set(moments)) < 2:
        return None
    pairs = pairwise(moments if direction == "asc" else reversed(moments))
    return all(earlier <= later for earlier, later in pairs)


def _customers(record: Mapping[str, Any]) -> list[str]:
    bookings = record.get("bookings")
    found = []
    for booking in bookings if isinstance(bookings, list) else ():
        customer = booking.get("customer") if isinstance(booking, dict) else None
        if isinstance(customer, dict) and (external_id := _id_of(customer)):
            found.append(external_id)
    return found


def _id_of(record: Any) -> str | None:
    try:
        return identifier(record.get("id")) if isinstance(record, dict) else None
    except Unreadable:
        return None
