"""Shops as the tests connect them: through the repository, so that none is in an impossible state."""

import base64

from psycopg import Connection

from ingestion.control.integrations import connect_shop
from ingestion.control.records import Integration
from ingestion.control.vault import Vault
from ingestion.secrets import Secret

KEYS = Secret("k1:" + base64.b64encode(b"k" * 32).decode())


def connected(
    connection: Connection,
    name: str = "Elite Cuts",
    *,
    base_url: str | None = None,
    client_secret: str = "hush",  # noqa: S107 -- of a shop that does not exist
    timezone: str = "America/New_York",
    currency: str = "USD",
) -> Integration:
    """Connect a shop at an address of its own name, or at `base_url`, and return its integration."""
    return connect_shop(
        connection,
        Vault.from_ring(KEYS),
        name=name,
        base_url=base_url or f"https://{name.replace(' ', '').lower()}.admin.trafft.com",
        client_id=Secret("client-4711"),
        client_secret=Secret(client_secret),
        timezone=timezone,
        currency=currency,
    )
