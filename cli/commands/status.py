"""`sixfb status`: how each shop is, and what runs."""

from datetime import UTC, datetime
from typing import Any

import click
import psutil
from rich.console import Console
from rich.table import Table

from cli.commands.deletions import facts_of
from cli.commands.shop_settings import shown_settings
from cli.console import emit, say
from cli.installation import Installation
from cli.locks import running
from cli.marts import MartsState, marts_state
from cli.migration import require_current
from cli.states import state_of
from cli.webhooks import shown, webhook_states
from ingestion.control.circuits import open_until
from ingestion.control.database import connect
from ingestion.control.held_deletions import HeldDeletion, open_deletions
from ingestion.control.integrations import list_integrations
from ingestion.control.records import Integration, SyncOperation
from ingestion.control.sync_operations import history

_SHOWN = 5
"""Syncs a shop in the JSON document: a day shows what is usual."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(*, as_json: bool) -> None:
    """Say how each shop is, and what runs."""
    installation = Installation.open()
    up = running(installation.home)
    shops, marts = _recorded(installation)
    document = {
        "home": str(installation.home.root),
        "asOf": datetime.now(UTC),
        "running": None if up is None else _services(up),
        "marts": None if marts is None else marts.document(),
        "shops": shops,
    }
    if as_json:
        emit(document)
    else:
        _show(document)
        if marts is not None and (trouble := marts.trouble(datetime.now(UTC))):
            say(trouble)


def _services(up: dict[str, Any]) -> dict[str, Any]:
    services = {name: psutil.pid_exists(pid) for name, pid in up.get("services", {}).items()}
    facts = {name: up.get(name) for name in ("command", "pid", "since", "ui")}
    return {**facts, "services": services}


def _recorded(installation: Installation) -> tuple[list[dict[str, Any]], MartsState | None]:
    """Return the shops, and how the marts follow them; without a database there is neither."""
    if not installation.has_database:
        return [], None
    with installation.database() as database:
        require_current(database.url)
        with connect(database.url) as connection:
            resting, webhooks = open_until(connection), webhook_states(connection)
            shops = [
                {
                    **_shop(
                        one,
                        history(connection, one.id, _SHOWN),
                        open_deletions(connection, one.id),
                        resting.get(one.id),
                    ),
                    "webhooks": webhooks[one.id].document() if one.id in webhooks else None,
                }
                for one in list_integrations(connection)
            ]
            return shops, marts_state(connection)


def _shop(
    integration: Integration,
    operations: list[SyncOperation],
    held: list[HeldDeletion],
    resting_until: datetime | None,
) -> dict[str, Any]:
    return {
        "name": integration.name,
        "barbershopId": integration.barbershop_id,
        "integrationId": integration.id,
        "timezone": integration.timezone,
        "currency": integration.currency,
        "state": state_of(integration, operations, datetime.now(UTC), resting_until=resting_until),
        "restingUntil": resting_until,
        "settings": shown_settings(integration),
        "lastSyncAt": integration.last_sync_at,
        "lastError": integration.last_error,
        "heldDeletions": [facts_of(each, integration.name) for each in held],
        "operations": [_operation(one) for one in operations],
    }


def _operation(operation: SyncOperation) -> dict[str, Any]:
    return {
        "id": operation.id,
        "type": operation.sync_type,
        "status": operation.status,
        "startedAt": operation.started_at,
        "seconds": None if operation.duration_seconds is None else round(float(operation.duration_seconds), 2),
        "records": operation.records_processed,
        "runId": operation.run_id,
        "errors": operation.errors,
    }


def _running(up: dict[str, Any] | None) -> str:
    if up is None:
        return "Nothing runs."
    if up["pid"] is None:
        return "A sixfb is just starting or stopping."
    return f"sixfb {up['command']} runs (process {up['pid']}): {up['ui'] or 'starting'}"


def _show(document: dict[str, Any]) -> None:
    up = document["running"]
    say(_running(up))
    if not document["shops"]:
        say(f"No shop is connected yet in {document['home']}. Connect one with `sixfb shop connect`.")
        return
    table = Table("shop", "id", "state", "webhooks")
    for shop in document["shops"]:
        paused = "" if shop["settings"].get("autoSync", True) else " (paused)"
        state = f"{shop['state']}{paused}"
        table.add_row(shop["name"], shop["integrationId"][:8], state, shown(shop["webhooks"]))
    Console(highlight=False, markup=False).print(table)
    for held in (each for shop in document["shops"] for each in shop["heldDeletions"]):
        say(
            f"{held['shop']}: {held['missing']} of {held['known']} {held['resource']} were missing at once; nothing "
            f"was removed. Look in Trafft, then `sixfb deletions accept {held['id'][:8]}` or `dismiss`."
        )
