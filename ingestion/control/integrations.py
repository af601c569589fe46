"""Which shops are connected, how to reach their booking systems, and how they are doing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from ingestion.capabilities import CAPABILITIES
from ingestion.control import circuits
from ingestion.control.records import Barbershop, Integration
from ingestion.control.vault import BrokenSeal, Vault
from ingestion.http.loopback import is_loopback
from ingestion.secrets import Secret
from ingestion.shapes import SHAPES
from ingestion.trafft.auth import Credentials
from ingestion.trafft.base_url import normalise_base_url

TRAFFT = "trafft"
_LONGEST_ERROR = 2_000
_SELECT = """
    select
        integration.id,
        integration.provider,
        integration.name,
        integration.description,
        integration.status,
        integration.base_url,
        integration.webhook_url,
        integration.sync_settings,
        integration.feature_flags,
        integration.authenticated_at,
        integration.last_sync_at,
        integration.last_error,
        integration.created_at,
        integration.updated_at,
        shop.id as shop_id,
        shop.name as shop_name,
        shop.timezone,
        shop.currency
    from control.integrations as integration
    inner join control.barbershops as shop on shop.id = integration.barbershop_id
"""


class InvalidShop(ValueError):
    """A detail of the shop is wrong; the message says which, and what is expected."""


class UnknownIntegration(LookupError):
    """No integration has this id."""

    def __init__(self, integration_id: str) -> None:
        super().__init__(f"No integration has the id {integration_id!r}. `sixfb shop list` shows those that exist.")


class NotConnected(LookupError):
    """The integration has no credentials."""

    def __init__(self, integration: Integration) -> None:
        super().__init__(f"{integration.name} ({integration.id}) has no credentials. Connect the shop again.")


def connect_shop(
    connection: Connection,
    vault: Vault,
    *,
    name: str,
    base_url: str,
    client_id: Secret,
    client_secret: Secret,
    timezone: str,
    currency: str,
) -> Integration:
    """Store a shop whose credentials Trafft has just accepted, and return its integration, ready to be synced.

    A shop is known again by its address: connecting it once more replaces its name, credentials, time zone and
    currency. Raises `InvalidShop` and `InvalidBaseUrl`.
    """
    shop = _checked(name, timezone, currency)
    # Whether this machine's own addresses may be called is decided where they are called: in the client.
    address = normalise_base_url(base_url, allow_loopback=True)
    with connection.transaction():
        # Two first connections of one shop at once must not make two shops.
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (address,))
        barbershop_id, integration_id = _known(connection, shop["name"], address) or _create(connection, shop, address)
        credentials = {"client_id": client_id, "client_secret": client_secret}
        connection.execute(
            "update control.barbershops set name = %(name)s, timezone = %(timezone)s, currency = %(currency)s,"
            " updated_at = now() where id = %(id)s",
            {**shop, "id": barbershop_id},
        )
        connection.execute(
            "update control.integrations set name = %s, credentials = %s, status = 'active', authenticated_at = now(),"
            " last_error = null, updated_at = now() where id = %s",
            (shop["name"], Jsonb(vault.seal(barbershop_id, integration_id, credentials)), integration_id),
        )
        circuits.reset(connection, integration_id)
        return get_integration(connection, integration_id)


def canonical_id(integration_id: str) -> str:
    """Return the id as the database spells it; anything that is no id comes back as it is."""
    try:
        return str(UUID(integration_id))
    except ValueError:
        return integration_id


def get_integration(connection: Connection, integration_id: str) -> Integration:
    """Return one integration. Raises `UnknownIntegration`."""
    try:
        key = UUID(integration_id)
    except ValueError:
        raise UnknownIntegration(integration_id) from None
    with connection.cursor(row_factory=kwargs_row(_integration)) as cursor:
        found = cursor.execute(f"{_SELECT} where integration.id = %s", (key,)).fetchone()
    if found is None:
        raise UnknownIntegration(integration_id)
    return found


def list_integrations(connection: Connection) -> list[Integration]:
    """Return all integrations, oldest first."""
    with connection.cursor(row_factory=kwargs_row(_integration)) as cursor:
        return cursor.execute(f"{_SELECT} order by integration.created_at, integration.id").fetchall()


def credentials_of(connection: Connection, vault: Vault, integration: Integration) -> Credentials:
    """Open the credentials as they are stored now. Raises `NotConnected` and the vault's errors."""
    row = connection.execute(
        "select credentials from control.integrations where id = %s and credentials is not null", (integration.id,)
    ).fetchone()
    if row is None:
        raise NotConnected(integration)
    fields = vault.unseal(integration.barbershop_id, integration.id, row[0])
    if not fields.keys() >= {"client_id", "client_secret"}:
        raise BrokenSeal(integration.id)
    return Credentials(client_id=fields["client_id"], client_secret=fields["client_secret"])


def disconnect(connection: Connection, integration_id: str) -> None:
    """Forget a shop's credentials and sync it no more; its data and history stay. Connecting it again revives it."""
    connection.execute(
        "update control.integrations set status = 'disconnected', credentials = null, updated_at = now() where id = %s",
        (integration_id,),
    )


def mark_synced(connection: Connection, integration_id: str, *, at: datetime | None = None) -> None:
    """Note that a sync went through, now or `at` that moment: the integration is in order."""
    connection.execute(
        "update control.integrations set status = 'active', last_sync_at = coalesce(%s, now()), last_error = null,"
        " updated_at = now() where id = %s and status <> 'disconnected'",
        (at, integration_id),
    )


def store_capabilities(connection: Connection, integration_id: str, capabilities: Mapping[str, Any]) -> None:
    """Keep what a probe found the account to honour, beside the shop's other feature flags."""
    connection.execute(
        "update control.integrations set feature_flags = feature_flags || %s, updated_at = now() where id = %s",
        (Jsonb({CAPABILITIES: dict(capabilities)}), integration_id),
    )


def store_shape(connection: Connection, integration_id: str, resource: str, fields: Collection[str]) -> None:
    """Keep which fields the records of a list have, beside the shop's other feature flags."""
    connection.execute(
        "update control.integrations set updated_at = now(), feature_flags = feature_flags"
        " || jsonb_build_object(%(shapes)s::text, coalesce(feature_flags -> %(shapes)s, '{}') || %(shape)s)"
        " where id = %(id)s",
        {"shapes": SHAPES, "shape": Jsonb({resource: sorted(fields)}), "id": integration_id},
    )


def mark_error(connection: Connection, integration_id: str, message: str) -> None:
    """Note what the last sync failed of."""
    connection.execute(
        "update control.integrations set status = 'error', last_error = %s, updated_at = now()"
        " where id = %s and status <> 'disconnected'",
        (message[:_LONGEST_ERROR], integration_id),
    )


def _checked(name: str, timezone: str, currency: str) -> dict[str, str]:
    name = " ".join(name.split())
    if not name:
        raise InvalidShop("The shop needs a name.")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InvalidShop(f"{timezone!r} is no time zone. Give an IANA name such as America/New_York.") from None
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InvalidShop(f"{currency!r} is no currency. Give the three letters of ISO 4217, such as USD.")
    return {"name": name, "timezone": timezone, "currency": currency}


def _known(connection: Connection, name: str, address: str) -> tuple[str, str] | None:
    """Return the ids of the shop and its integration.

    A Trafft account has an address of its own, so the address alone tells which shop it is, however its name is
    spelled today. Only on this machine do several accounts share one (the simulator): there the name decides.
    """
    return connection.execute(
        "select shop.id, integration.id from control.integrations as integration"
        " inner join control.barbershops as shop on shop.id = integration.barbershop_id"
        " where integration.provider = %s and integration.base_url = %s and (not %s or lower(shop.name) = lower(%s))",
        (TRAFFT, address, is_loopback(urlsplit(address).hostname or ""), name),
    ).fetchone()


def _create(connection: Connection, shop: dict[str, str], address: str) -> tuple[str, str]:
    """Make the shop and its integration, still without credentials: their ids are part of the seal."""
    created = connection.execute(
        "with shop as (insert into control.barbershops (name, timezone, currency)"
        " values (%(name)s, %(timezone)s, %(currency)s) returning id)"
        " insert into control.integrations (barbershop_id, provider, name, base_url)"
        " select shop.id, %(provider)s, %(name)s, %(base_url)s from shop returning barbershop_id, id",
        {**shop, "provider": TRAFFT, "base_url": address},
    )
    return created.fetchall()[0]


def _integration(*, shop_id: str, shop_name: str, timezone: str, currency: str, **columns: Any) -> Integration:
    return Integration(barbershop=Barbershop(shop_id, shop_name, timezone, currency), **columns)
