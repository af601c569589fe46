"""Integrations as records and as rows: what the tests of cadences, schedules and sensors share."""

import json
from datetime import UTC, datetime
from typing import Any

from ingestion.control.database import connect
from ingestion.control.records import Barbershop, Integration, IntegrationStatus

MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def integration(
    key: str,
    status: IntegrationStatus = "active",
    settings: dict[str, Any] | None = None,
    *,
    timezone: str = "America/New_York",
    authenticated_at: datetime | None = None,
) -> Integration:
    """Return an integration as the repository gives it."""
    return Integration(
        id=key,
        barbershop=Barbershop(f"shop of {key}", key, timezone, "USD"),
        provider="trafft",
        name=key,
        description=None,
        status=status,
        base_url="https://example.admin.trafft.com",
        webhook_url=None,
        sync_settings={"autoSync": True} if settings is None else settings,
        feature_flags={},
        authenticated_at=authenticated_at,
        last_sync_at=None,
        last_error=None,
        created_at=MOMENT,
        updated_at=MOMENT,
    )


def insert_shop(
    database_url: str, name: str, *, status: str = "active", auto_sync: bool = True, timezone: str = "UTC"
) -> str:
    """Insert a shop that is connected and return its integration's id."""
    with connect(database_url) as connection:
        row = connection.execute(
            "with shop as (insert into control.barbershops (name, timezone, currency)"
            " values (%(name)s, %(timezone)s, 'USD') returning id)"
            " insert into control.integrations (barbershop_id, provider, name, status, base_url, sync_settings)"
            " select id, 'trafft', %(name)s, %(status)s, 'https://' || %(name)s, %(settings)s from shop returning id",
            {"name": name, "status": status, "timezone": timezone, "settings": json.dumps({"autoSync": auto_sync})},
        ).fetchone()
    assert row is not None
    return str(row[0])
