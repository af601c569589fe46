"""`sixfb shop set`, `pause` and `resume`: when and how fast one shop is synced."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import click
from psycopg import Connection

from cli.console import emit, say
from cli.installation import Installation
from cli.migration import require_current
from cli.shops import find_integration
from ingestion.control import shop_settings
from ingestion.control.database import connect
from ingestion.control.records import Integration
from ingestion.control.shop_settings import FASTEST, LARGEST_PAGE, InvalidSettings, ShopSettings

_OFF = "off"


def _hours(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Mapping[str, int] | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", value)
    if match is None:
        raise click.BadParameter(f"{value!r} are no hours. Write them as 8-20.")
    return {"opensAt": int(match[1]), "closesAt": int(match[2])}


def _interval(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None or value == _OFF:
        return value
    if not re.fullmatch(r"[1-9]|1[0-2]", value):
        raise click.BadParameter(f"{value!r} is no number of hours. Write 1 to 12, or off.")
    return f"{value}h"


def _times(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[int] | None:
    if value is None:
        return None
    if value == _OFF:
        return []
    if not re.fullmatch(r"\d{1,2}(,\d{1,2})*", value):
        raise click.BadParameter(f"{value!r} are no hours. Write them as 9,17, or off.")
    return [int(hour) for hour in value.split(",")]


@click.command("set")
@click.argument("shop_id")
@click.option("--hours", callback=_hours, help="Business hours of the shop's own day, both included, e.g. 8-20.")
@click.option("--full-at", type=click.IntRange(0, 23), help="Hour at which it is read whole, e.g. 2.")
@click.option("--incremental-every", callback=_interval, help="Hours between two incremental syncs, 1 to 12, or off.")
@click.option("--customers-at", callback=_times, help="Hours at which its customers are read whole, e.g. 9,17, or off.")
@click.option("--page-size", type=click.IntRange(1, LARGEST_PAGE), help="Records asked for in one request.")
@click.option("--requests-per-minute", type=click.FloatRange(1, FASTEST), help="The most that its account is asked.")
@click.option(
    "--webhook-dates", type=click.Choice(["dmy", "mdy"]), help="Day or month first in the dates of its webhooks."
)
def set_shop(*, shop_id: str, **options: Any) -> None:
    """Set when and how fast a shop is synced, and print all its settings as JSON. SHOP_ID may be shortened.

    Hours are whole hours of the shop's own day. What is not given stays as it is; the next tick of the schedules, at
    most five minutes away, goes by it.
    """
    names = {
        "hours": "businessHours",
        "full_at": "fullAt",
        "incremental_every": "syncInterval",
        "customers_at": "customersAt",
        "page_size": "pageSize",
        "requests_per_minute": "requestsPerMinute",
        "webhook_dates": "webhookDates",
    }
    changes = {names[option]: value for option, value in options.items() if value is not None}
    if not changes:
        raise click.UsageError("Nothing to set. Give one of the options; `sixfb shop set --help` lists them.")
    _change(shop_id, lambda connection, integration_id: shop_settings.change(connection, integration_id, changes))


@click.command()
@click.argument("shop_id")
def pause(*, shop_id: str) -> None:
    """Sync a shop no more by schedule until it is resumed; by hand it still can be. SHOP_ID may be shortened."""
    integration, _ = _change(shop_id, shop_settings.pause)
    say(f"{integration.name} is paused. `sixfb shop resume {integration.id[:8]}` ends the pause.")


@click.command()
@click.argument("shop_id")
def resume(*, shop_id: str) -> None:
    """Sync a paused shop by schedule again, from its next hour on. SHOP_ID may be shortened."""
    integration, settings = _change(shop_id, shop_settings.resume)
    say(f"{integration.name} is synced again: {cadences_of(settings)}.")


def shown_settings(integration: Integration) -> dict[str, Any]:
    """Return a shop's settings for a JSON document, or what is wrong with them."""
    try:
        return integration.settings.document
    except InvalidSettings as error:
        return {"error": f"{error} {error.advice}"}


def shown_status(integration: Integration) -> str:
    """Return a shop's status, and whether it is paused or its settings are wrong, for a table."""
    try:
        return f"{integration.status}, paused" if integration.settings.paused else integration.status
    except InvalidSettings:
        return f"{integration.status}, wrong settings"


def cadences_of(settings: ShopSettings) -> str:
    """Say in a few words when a shop with these settings is synced, by its own clock."""
    parts = [f"whole at {settings.full_at}:00"]
    if settings.incremental_hours is not None:
        often = "hourly" if settings.incremental_hours == 1 else f"every {settings.incremental_hours} hours"
        parts.append(f"{often} {settings.opens_at}-{settings.closes_at}")
    if settings.customers_at:
        parts.append(f"customers at {', '.join(map(str, settings.customers_at))}")
    return "; ".join(parts)


def _change(shop_id: str, by: Callable[[Connection, str], ShopSettings]) -> tuple[Integration, ShopSettings]:
    installation = Installation.open()
    with installation.database() as database:
        require_current(database.url)
        integration = find_integration(database.url, shop_id)
        with connect(database.url) as connection:
            settings = by(connection, integration.id)
    emit({"name": integration.name, "integrationId": integration.id, "settings": settings.document})
    return integration, settings
