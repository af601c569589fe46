"""`sixfb sync`: some shops now, or all of them, as one real Dagster run."""

from collections.abc import Sequence
from datetime import datetime

import click

from cli.console import emit, say
from cli.following import Follower
from cli.installation import Installation
from cli.locks import running
from cli.migration import make_ready
from cli.progress import Progress
from cli.shops import all_active, find_integration
from cli.signals import stopping_in_order
from cli.syncing import JOBS, SyncOutcome, Wish, outcomes_of, run_here, submit_to
from ingestion.control.records import Integration
from ingestion.reading import SyncType

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("integration_ids", nargs=-1, metavar="[INTEGRATION_ID]...")
@click.option(
    "--type",
    "sync_type",
    type=click.Choice(list(JOBS)),
    default="incremental",
    show_default=True,
    help="full reads every list whole, and so finds what was deleted; appointments and customers read that one list "
    "whole; backfill reads the appointments of the days that --from and --to name.",
)
@click.option("--from", "date_from", type=_DAY, metavar="DATE", help="backfill: the first day, such as 2026-03-01.")
@click.option("--to", "date_to", type=_DAY, metavar="DATE", help="backfill: the last day, which is read too.")
@click.option("--all", "every", is_flag=True, help="Every connected shop that is not paused.")
@click.option("--wait", is_flag=True, help="When `sixfb up` runs: stay until the sync has ended.")
def sync(
    *,
    integration_ids: tuple[str, ...],
    sync_type: SyncType,
    date_from: datetime | None,
    date_to: datetime | None,
    every: bool,
    wait: bool,
) -> None:
    """Sync shops now, together in one run.

    INTEGRATION_ID may also be the barbershop's id, or the beginning of either. A shop that is named is synced even
    while it is being left alone because it kept failing. When `sixfb up` runs on this home, the run goes into its
    queue; otherwise it runs here, and is always waited for. Prints JSON, for several shops a list; status 0 only when
    every one succeeded.
    """
    _require_sense(integration_ids, sync_type, date_from, date_to, every=every)
    installation, progress = Installation.open(), Progress()
    with stopping_in_order(), installation.database() as database:
        make_ready(database.url, embedded=installation.embedded)
        shops = all_active(database.url) if every else _named(database.url, integration_ids)
        wish = Wish(shops, sync_type, _iso(date_from), _iso(date_to), forced=not every)
        up = running(installation.home)
        with Follower(database.url, shops, progress) as follower:
            if up is None:
                run = run_here(installation, database, wish, progress=progress, follower=follower)
            else:
                run = submit_to(up, wish, follower=follower if wait else None)
        _tell(outcomes_of(database.url, wish, run))


def _require_sense(
    integration_ids: Sequence[str],
    sync_type: SyncType,
    date_from: datetime | None,
    date_to: datetime | None,
    *,
    every: bool,
) -> None:
    if bool(integration_ids) == every:
        raise click.UsageError("Name the shops to sync, or say --all.")
    if sync_type != "backfill" and (date_from or date_to):
        raise click.UsageError("--from and --to belong to --type backfill.")
    if sync_type == "backfill" and not (date_from and date_to):
        raise click.UsageError("A back-fill needs --from and --to.")
    if date_from and date_to and date_to < date_from:
        raise click.UsageError("--to is before --from.")


def _named(url: str, integration_ids: Sequence[str]) -> list[Integration]:
    """Return the shops that are meant, each once."""
    found = (find_integration(url, integration_id) for integration_id in integration_ids)
    return list({shop.id: shop for shop in found}.values())


def _iso(day: datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()


def _tell(outcomes: Sequence[SyncOutcome]) -> None:
    documents = [outcome.document() for outcome in outcomes]
    emit(documents[0] if len(documents) == 1 else documents)
    if outcomes[0].is_pending:
        say("The sync is queued. `sixfb status` shows how far it is.")
        return
    failed = [outcome for outcome in outcomes if not outcome.is_ok]
    for outcome in failed:
        who = "The sync" if len(outcomes) == 1 else f"The sync of {outcome.shop.name}"
        say(f"{who} did not succeed: {outcome.reason}")
    if failed:
        raise click.exceptions.Exit(1)
