"""`sixfb deletions`: decide about deletions that were too many to believe."""

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from cli.console import emit, say
from cli.installation import Installation
from cli.migration import require_current
from cli.signals import stopping_in_order
from ingestion.control.database import connect
from ingestion.control.held_deletions import HeldDeletion, find_open, open_deletions
from ingestion.control.integrations import list_integrations


@click.group()
def deletions() -> None:
    """Decide about deletions that were too many to believe.

    When more than a twentieth of a list is missing at once, nothing is removed: an API key that lost its permission
    looks the same. Look in Trafft, then accept or dismiss.
    """


@deletions.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_deletions(*, as_json: bool) -> None:
    """List what waits for a decision."""
    installation = Installation.open()
    found = _waiting(installation)
    if as_json:
        emit(found)
    elif not found:
        say("No deletion waits for a decision.")
    else:
        table = Table("id", "shop", "list", "missing", "of", "since")
        for each in found:
            since = f"{each['heldAt']:%Y-%m-%d %H:%M} UTC"
            table.add_row(
                each["id"][:8], each["shop"], each["resource"], str(each["stillMissing"]), str(each["known"]), since
            )
        Console(highlight=False, markup=False).print(table)


@deletions.command()
@click.argument("deletion_id")
def accept(*, deletion_id: str) -> None:
    """Remove the records that are still missing. DELETION_ID may be shortened.

    Records that any sync or webhook has shown since are refused and stay. What returns later is undone by itself.
    """
    from ingestion.deletions import accept as accept_deletion  # dlt takes seconds to import

    installation = Installation.open()
    with stopping_in_order(), installation.database() as database:
        require_current(database.url)
        with connect(database.url) as connection:
            held = find_open(connection, deletion_id)
        done = accept_deletion(database.url, installation.home.dlt, held.id)
    emit({"id": held.id, "resource": held.resource, "gone": done.gone, "refused": done.refused})
    say(f"{done.gone} {held.resource} are marked as gone; {done.refused} have been seen since and stay.")


@deletions.command()
@click.argument("deletion_id")
def dismiss(*, deletion_id: str) -> None:
    """Keep the records, and forget the matter until a sweep finds so many missing again."""
    from ingestion.deletions import dismiss as dismiss_deletion

    installation = Installation.open()
    with installation.database() as database:
        require_current(database.url)
        with connect(database.url) as connection:
            held = find_open(connection, deletion_id)
        dismiss_deletion(database.url, held.id)
    say(f"Nothing is removed: {len(held.external_ids)} {held.resource} stay as they were.")


def _waiting(installation: Installation) -> list[dict[str, Any]]:
    if not installation.has_database:
        return []
    with installation.database() as database:
        require_current(database.url)
        with connect(database.url) as connection:
            names = {shop.id: shop.name for shop in list_integrations(connection)}
            return [facts_of(held, names[held.integration_id]) for held in open_deletions(connection)]


def facts_of(held: HeldDeletion, shop: str) -> dict[str, Any]:
    """Return what a person needs to know of one; `stillMissing` are those that nothing has shown since."""
    return {
        "id": held.id,
        "shop": shop,
        "integrationId": held.integration_id,
        "resource": held.resource,
        "missing": held.missing,
        "stillMissing": len(held.external_ids),
        "known": held.known,
        "heldAt": held.held_at,
    }
