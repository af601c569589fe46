"""Connecting shops and finding them again, as the commands and the demo do it."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.errors import CommandError
from cli.installation import Installation
from cli.migration import require_current
from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop, list_integrations, store_capabilities
from ingestion.control.records import Integration
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import Policy, TrafftClient
from ingestion.trafft.probe import probe


@dataclass(frozen=True)
class ShopDetails:
    """What a person must tell to connect a shop."""

    name: str
    base_url: str
    credentials: Credentials
    timezone: str
    currency: str


class NoSuchShop(CommandError):
    """No connected shop has the id that was given, or several begin with it."""


def connect_and_check(url: str, keys: Secret, shop: ShopDetails, *, allow_loopback: bool) -> Integration:
    """Ask Trafft with the credentials, and store them only if it accepts, with what the account honours.

    Safe to repeat. Raises the client's typed error that says what is wrong; then nothing was stored.
    """
    with TrafftClient(shop.base_url, shop.credentials, policy=Policy(allow_loopback=allow_loopback)) as client:
        client.check()
        probed_at = client.now()
        capabilities = probe(client)
    vault = Vault.from_ring(keys)
    with connect(url) as connection:
        integration = connect_shop(
            connection,
            vault,
            name=shop.name,
            base_url=shop.base_url,
            client_id=shop.credentials.client_id,
            client_secret=shop.credentials.client_secret,
            timezone=shop.timezone,
            currency=shop.currency,
        )
        store_capabilities(connection, integration.id, capabilities.as_stored(probed_at))
        return integration


def connected_shops(installation: Installation) -> list[Integration]:
    """Return the connected shops, oldest first; a home without a database has none, and gets none for the asking."""
    if not installation.has_database:
        return []
    with installation.database() as database:
        require_current(database.url)
        with connect(database.url) as connection:
            return list_integrations(connection)


def find_integration(url: str, beginning: str) -> Integration:
    """Return the integration whose id, or whose barbershop's id, is or begins with `beginning`."""
    with connect(url) as connection:
        known = list_integrations(connection)
    wanted = beginning.lower()
    found = [one for one in known if one.id.startswith(wanted) or one.barbershop_id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchShop(f"{beginning!r} fits {len(found)} shops: {_names(found)}. Give more of the id.")
    if not known:
        raise NoSuchShop("No shop is connected yet. Connect one with `sixfb shop connect`.")
    raise NoSuchShop(f"No shop has an id that begins with {beginning!r}. Connected are {_names(known)}.")


def all_active(url: str) -> list[Integration]:
    """Return the shops that are to be synced: connected, and not paused. Raises `NoSuchShop` when there is none."""
    with connect(url) as connection:
        shops = [one for one in list_integrations(connection) if one.status != "disconnected"]
    if active := [one for one in shops if not one.settings.paused]:
        return active
    raise NoSuchShop(
        "Every shop is paused; name the one to sync all the same."
        if shops
        else "No shop is connected yet. Connect one with `sixfb shop connect`."
    )


def _names(integrations: Sequence[Integration]) -> str:
    return ", ".join(f"{one.name} ({one.id[:8]})" for one in integrations if one.status != "disconnected")
