"""The rows of the control record as the code sees them. Ids are text; the database keeps them as uuid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ingestion.control.shop_settings import ShopSettings

IntegrationStatus = Literal["pending", "active", "error", "disconnected"]
SyncStatus = Literal["pending", "in_progress", "success", "failed", "partial"]
Outcome = Literal["success", "failed", "partial"]


@dataclass(frozen=True)
class Barbershop:
    """A shop: whose days are counted in `timezone` (IANA) and whose money in `currency` (ISO 4217)."""

    id: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True)
class Integration:
    """A shop's account at a booking system. Its credentials stay in the database until `credentials_of` opens them."""

    id: str
    barbershop: Barbershop
    provider: str
    name: str
    description: str | None
    status: IntegrationStatus
    base_url: str
    webhook_url: str | None
    sync_settings: Mapping[str, Any]
    feature_flags: Mapping[str, Any]
    authenticated_at: datetime | None
    last_sync_at: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def barbershop_id(self) -> str:
        """Return the shop's id."""
        return self.barbershop.id

    @property
    def timezone(self) -> str:
        """Return the IANA name of the shop's time zone."""
        return self.barbershop.timezone

    @property
    def currency(self) -> str:
        """Return the ISO 4217 code of the shop's currency."""
        return self.barbershop.currency

    @property
    def settings(self) -> ShopSettings:
        """Return how the shop wants to be synced."""
        return ShopSettings.of(self.sync_settings)


@dataclass(frozen=True)
class SyncOperation:
    """One sync of one integration, running or over. `summary` holds the counts per resource and the phases."""

    id: str
    integration_id: str
    barbershop_id: str
    sync_type: str
    status: SyncStatus
    records_processed: int
    records_success: int
    records_failed: int
    summary: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]
    run_id: str | None
    date_from: datetime | None
    date_to: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    duration_seconds: Decimal | None
    created_at: datetime
