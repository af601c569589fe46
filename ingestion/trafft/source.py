"""Reads a shop's Trafft lists for the sync: which reading each list gets, by what the sync is after."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.control.records import Integration
from ingestion.http.pacing import Gate
from ingestion.reading import Aim, BookingReader, Reading, Unknown, nothing_unknown
from ingestion.trafft.auth import Credentials
from ingestion.trafft.backfill import StartingWithin
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.client import PAGE_SIZE, Policy, TrafftClient
from ingestion.trafft.errors import TrafftError
from ingestion.trafft.near import NewAndNear
from ingestion.trafft.probe import probe
from ingestion.trafft.unknown import UnknownCustomers
from ingestion.trafft.wanted import WantedAppointments
from ingestion.trafft.whole import WholeList

SMALL_LIST = 20_000
"""Up to this many appointments (200 pages) an incremental sync reads the whole list: that costs less than a wrong guess
of what changed, and Trafft has no `updated_at` to ask for."""
FEW_CUSTOMERS = 2_000
"""Up to this many (20 pages) an incremental sync reads the customers whole; of more, only those it meets for the first
time, by id."""


class TrafftReader:
    """One open account. `capabilities` are what its last probe found; they only save attempts."""

    def __init__(
        self,
        client: TrafftClient,
        zone: ZoneInfo,
        *,
        page_size: int = PAGE_SIZE,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._client = client
        self._zone = zone
        self._capabilities = capabilities or Capabilities()
        self._page_size = min(page_size, self._capabilities.largest_page or page_size)

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

    def read(self, resource: str, aim: Aim, *, since: datetime | None, unknown: Unknown = nothing_unknown) -> Reading:
        """Return a reading of one list: a sweep reads it whole, every other sync as much as it is after."""
        special = None
        if resource == "appointments":
            special = self._appointments(aim, since)
        elif resource == "customers":
            special = self._customers(aim, since, unknown)
        return special or WholeList(self._client, resource, is_sweep=aim.is_sweep, page_size=self._page_size)

    def probe(self) -> Mapping[str, Any]:
        """Return what the account honours now, as `feature_flags` keeps it; nothing where it refuses us."""
        probed_at = self._client.now()
        try:
            return probe(self._client).as_stored(probed_at)
        except TrafftError:
            return {}

    def _appointments(self, aim: Aim, since: datetime | None) -> Reading | None:
        client, zone, size, capabilities = self._client, self._zone, self._page_size, self._capabilities
        if aim.sync_type == "incremental" and since is not None:
            return NewAndNear(client, zone, since, small_list=SMALL_LIST, page_size=size, capabilities=capabilities)
        if aim.sync_type == "backfill" and aim.window is not None:
            return StartingWithin(client, zone, aim.window, page_size=size, capabilities=capabilities)
        if aim.sync_type == "webhook":
            return WantedAppointments(client, zone, aim.wanted, page_size=size, capabilities=capabilities)
        return None

    def _customers(self, aim: Aim, since: datetime | None, unknown: Unknown) -> Reading | None:
        if aim.sync_type == "webhook":
            return UnknownCustomers(self._client, unknown, small_list=0, page_size=self._page_size)
        if aim.sync_type in ("incremental", "backfill") and since is not None:
            return UnknownCustomers(self._client, unknown, small_list=FEW_CUSTOMERS, page_size=self._page_size)
        return None


@contextmanager
def open_reader(
    integration: Integration, credentials: Credentials, *, allow_loopback: bool, gate: Gate | None = None
) -> Iterator[BookingReader]:
    """Open the shop's account. Raises `InsecureUrl` at once; wrong credentials show at the first page."""
    settings = integration.settings
    policy = Policy(requests_per_minute=settings.requests_per_minute, allow_loopback=allow_loopback)
    with TrafftClient(integration.base_url, credentials, policy=policy, gate=gate) as client:
        yield TrafftReader(
            client,
            ZoneInfo(integration.timezone),
            page_size=settings.page_size,
            capabilities=Capabilities.of(integration.feature_flags),
        )
