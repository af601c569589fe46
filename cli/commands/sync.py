"""`sixfb sync`: one shop now, as a real Dagster run."""

import click

from cli.console import emit, say
from cli.following import Follower
from cli.installation import Installation
from cli.locks import running
from cli.migration import make_ready
from cli.progress import Progress
from cli.shops import find_integration
from cli.signals import stopping_in_order
from cli.syncing import SyncOutcome, outcome_of, run_here, submit_to
from ingestion.reading import SyncType


@click.command()
@click.argument("integration_id")
@click.option(
    "--type",
    "sync_type",
    type=click.Choice(["full", "incremental"]),
    default="incremental",
    show_default=True,
    help="full reads every list whole, and so finds what was deleted.",
)
@click.option("--wait", is_flag=True, help="When `sixfb up` runs: stay until the sync has ended.")
def sync(*, integration_id: str, sync_type: SyncType, wait: bool) -> None:
    """Sync one shop now.

    INTEGRATION_ID may also be the barbershop's id, or the beginning of either. When `sixfb up` runs on this home, the
    run goes into its queue; otherwise it runs here, and is always waited for. Prints JSON; status 0 only on success.
    """
    installation, progress = Installation.open(), Progress()
    with stopping_in_order(), installation.database() as database:
        make_ready(database.url, embedded=installation.embedded)
        shop = find_integration(database.url, integration_id)
        up = running(installation.home)
        with Follower(database.url, [shop], progress) as follower:
            if up is None:
                run = run_here(installation, database, shop, sync_type, progress=progress, follower=follower)
            else:
                run = submit_to(up, shop, sync_type, follower=follower if wait else None)
        _tell(outcome_of(database.url, shop, run))


def _tell(outcome: SyncOutcome) -> None:
    emit(outcome.document())
    if outcome.is_pending:
        say("The sync is queued. `sixfb status` shows how far it is.")
    elif not outcome.is_ok:
        say(f"The sync did not succeed: {outcome.reason}")
        raise click.exceptions.Exit(1)
