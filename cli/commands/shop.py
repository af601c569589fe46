"""`sixfb shop`: connect shops, disconnect them, list them, and set when they are synced."""

import re
import sys
from difflib import get_close_matches
from zoneinfo import available_timezones

import click
from rich.console import Console
from rich.table import Table

from cli.commands.shop_settings import pause, resume, set_shop, shown_settings, shown_status
from cli.console import emit, say
from cli.installation import Installation
from cli.migration import make_ready, require_current
from cli.shops import ShopDetails, connect_and_check, connected_shops, find_integration
from cli.signals import stopping_in_order
from ingestion.control.database import connect as connect_database
from ingestion.control.integrations import disconnect
from ingestion.control.records import Integration
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials


def _timezone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    zones = available_timezones()
    if value in zones:
        return value
    near = get_close_matches(value, zones, n=3, cutoff=0.4)
    hint = f" Did you mean {' or '.join(near)}?" if near else " Write it as Europe/London."
    raise click.BadParameter(f"{value!r} is no IANA time zone.{hint}")


def _currency(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value.upper()):
        raise click.BadParameter(f"{value!r} is no currency code. Write it as USD or GBP.")
    return value.upper()


def _secret(_context: click.Context, parameter: click.Parameter, value: str | None) -> Secret:
    if value:
        return Secret(value)
    if sys.stdin.isatty():
        return Secret(click.prompt(parameter.human_readable_name.replace("_", " "), hide_input=True, err=True))
    flag, variable = parameter.opts[0], parameter.envvar
    raise click.BadParameter(f"set {variable}, or give {flag}, or run this in a terminal to be asked for it.")


@click.group()
def shop() -> None:
    """Connect shops, disconnect them, list them, and set when they are synced."""


for _command in (set_shop, pause, resume):
    shop.add_command(_command)


@shop.command()
@click.option("--name", required=True, help="The shop's name, as its owner writes it.")
@click.option("--base-url", required=True, help="The API URL on Trafft's API card, e.g. https://x.admin.trafft.com.")
@click.option("--client-id", envvar="SIXFB_CLIENT_ID", callback=_secret, help="From the API card; asked for if absent.")
@click.option("--client-secret", envvar="SIXFB_CLIENT_SECRET", callback=_secret, help="The same.")
@click.option("--timezone", required=True, callback=_timezone, help="Of the shop, e.g. America/New_York.")
@click.option("--currency", required=True, callback=_currency, help="Of its prices, e.g. USD.")
def connect(
    *, name: str, base_url: str, client_id: Secret, client_secret: Secret, timezone: str, currency: str
) -> None:
    """Connect a shop: test its credentials against Trafft, then store them sealed.

    Prints JSON with barbershopId and integrationId. Connecting the same shop again replaces its credentials. Give the
    secrets in SIXFB_CLIENT_ID and SIXFB_CLIENT_SECRET, or at the prompt, to keep them out of your shell's history.
    """
    installation = Installation.open()
    details = ShopDetails(name, base_url, Credentials(client_id, client_secret), timezone, currency)
    allow_loopback = installation.settings.allow_loopback
    with stopping_in_order(), installation.database() as database:
        make_ready(database.url, embedded=installation.embedded)
        integration = connect_and_check(database.url, installation.key_ring(), details, allow_loopback=allow_loopback)
    emit({"barbershopId": integration.barbershop_id, "integrationId": integration.id})
    say(f"{name} is connected. Sync it with `sixfb sync {integration.id[:8]} --type full --wait`.")


@shop.command("disconnect")
@click.argument("shop_id")
def disconnect_shop(*, shop_id: str) -> None:
    """Forget a shop's credentials and sync it no more; its data stays. SHOP_ID may be shortened.

    Connecting the shop again revives it, with all its history.
    """
    installation = Installation.open()
    with installation.database() as database:
        require_current(database.url)
        integration = find_integration(database.url, shop_id)
        with connect_database(database.url) as connection:
            disconnect(connection, integration.id)
    say(f"{integration.name} is disconnected: its credentials are gone, its data stays.")


@shop.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_shops(*, as_json: bool) -> None:
    """List the connected shops."""
    installation = Installation.open()
    shops = connected_shops(installation)
    if as_json:
        emit([_facts(one) for one in shops])
    elif not shops:
        say("No shop is connected yet. Connect one with `sixfb shop connect`.")
    else:
        table = Table("shop", "integration", "address", "time zone", "currency", "status")
        for one in shops:
            table.add_row(one.name, one.id, one.base_url, one.timezone, one.currency, shown_status(one))
        Console(highlight=False, markup=False).print(table)
        for one in shops:
            if one.last_error and one.status == "error":
                say(f"{one.name}: {one.last_error}")


def _facts(integration: Integration) -> dict[str, object]:
    return {
        "name": integration.name,
        "barbershopId": integration.barbershop_id,
        "integrationId": integration.id,
        "baseUrl": integration.base_url,
        "timezone": integration.timezone,
        "currency": integration.currency,
        "status": integration.status,
        "lastSyncAt": integration.last_sync_at,
        "lastError": integration.last_error,
        "settings": shown_settings(integration),
    }
