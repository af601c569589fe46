"""`sixfb migrate`: bring the database to this version."""

import click

from cli.console import say
from cli.dagster_services import prepare_home
from cli.environment import child_environment
from cli.installation import Installation
from cli.migration import migrate_dagster, migrate_ours
from cli.signals import stopping_in_order
from cli.supervisor import Supervisor


@click.command()
def migrate() -> None:
    """Bring the database to this version.

    Creates or updates the control record, the raw tables and Dagster's storage. Safe to repeat: what is current stays
    as it is.
    """
    installation = Installation.open()
    with stopping_in_order(), installation.database() as database, Supervisor(installation.home) as supervisor:
        prepare_home(installation.home)
        migrate_ours(database.url)
        environment = child_environment(installation.home, database.url, installation.key_ring(), allow_loopback=False)
        migrate_dagster(supervisor, database.url, environment)
    say("The database is up to date.")
