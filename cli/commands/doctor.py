"""`sixfb doctor`: check the installation, and say what to do."""

from collections.abc import Iterator

import click

from cli.console import emit
from cli.doctor import Check, local_checks
from cli.doctor_database import database_checks
from cli.installation import Installation
from cli.main import expected

_MARKS = {"pass": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(*, as_json: bool) -> None:
    """Check the installation, and say what to do.

    Looks at Python, disk, ports, PostgreSQL, clock, migrations, dbt's manifest, the encryption key and each shop's
    Trafft. Status 1 if anything fails.
    """
    checks = []
    for check in _all(Installation.open()):
        checks.append(check)
        if not as_json:
            _show(check)
    if as_json:
        emit({"ok": all(check.outcome != "fail" for check in checks), "checks": [_facts(check) for check in checks]})
    if any(check.outcome == "fail" for check in checks):
        raise click.exceptions.Exit(1)


def _all(installation: Installation) -> Iterator[Check]:
    yield from local_checks(installation)
    if not installation.has_database:
        yield Check("postgres", "warn", "there is no database yet", "`sixfb up` or `sixfb demo` makes it.")
        return
    try:
        with installation.database() as database:
            yield from database_checks(installation, database)
    except Exception as error:
        message = expected(error)
        if message is None:
            raise
        yield Check("postgres", "fail", "the database cannot be used", message)


def _facts(check: Check) -> dict[str, str]:
    return {"name": check.name, "outcome": check.outcome, "found": check.found, "nextStep": check.next_step}


def _show(check: Check) -> None:
    mark, colour = _MARKS[check.outcome]
    click.echo(f"{click.style(mark, fg=colour)}  {check.name}: {check.found}")
    if check.next_step:
        click.echo(f"      {check.next_step}")
