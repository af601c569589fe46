"""`sixfb demo`: the whole product on simulated shops, from nothing to a summary."""

from contextlib import ExitStack
from datetime import UTC, datetime

import click
from rich.console import Console

from cli.commands.simulate import moment
from cli.console import emit
from cli.dagster_services import dagster_services
from cli.demo import Stage, play
from cli.demo_report import DemoReport
from cli.demo_state import DemoState
from cli.installation import Installation
from cli.locks import only_one, only_one_on
from cli.progress import Progress
from cli.serving import stay, ui_port
from cli.signals import stopping_in_order
from cli.supervisor import Supervisor


@click.command()
@click.option("--once", is_flag=True, help="End after the summary; status 0 only if everything passed.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON document (docs/demo-json.md).")
@click.option("--shops", type=click.IntRange(1, 50), help="How many shops; 2 at the first start, then as before.")
@click.option("--seed", type=int, help="What the shops are made of; 7 at the first start, then as before.")
@click.option("--as-of", callback=moment, help="With --once: the moment at which the shops stand still; default: now.")
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True, help="For the Dagster UI.")
def demo(*, once: bool, as_json: bool, shops: int | None, seed: int | None, as_of: datetime | None, port: int) -> None:
    """Show the whole product on simulated shops.

    Starts PostgreSQL and a false Trafft, connects its shops, syncs them as real Dagster runs, transforms and checks,
    and prints a summary; then serves the Dagster UI with the schedules on, until Ctrl-C. A second start goes on from
    the kept state. Everything listens on this machine's loopback address alone.
    """
    if as_of is not None and not once:
        raise click.UsageError("--as-of needs --once: what stays up follows the wall clock.")
    installation, progress = Installation.open(), Progress()
    home = installation.home
    # With --once the shops stand still, so that every figure can be compared with their truth.
    frozen_at = (as_of or datetime.now(UTC).replace(microsecond=0)) if once else None
    with ExitStack() as stack:
        stack.enter_context(stopping_in_order())
        holder = stack.enter_context(only_one(home, "demo"))
        holder.tell(allowLoopback=True)
        state = DemoState.open(home, seed=seed, shops=shops)
        with progress.phase("database", "Starting PostgreSQL"):
            database = stack.enter_context(installation.database())
        stack.enter_context(only_one_on(database.url))
        supervisor = stack.enter_context(Supervisor(home))
        stage = Stage(installation, database, supervisor, progress)
        report = play(stage, state.with_free_port(), frozen_at)
        if once:
            _print(report, as_json=as_json, ui=None)
            raise click.exceptions.Exit(0 if report.is_ok else 1)
        if not as_json:
            _print(report, as_json=False, ui=None)
        services = dagster_services(supervisor, home, stage.environment, port=ui_port(port), progress=progress)
        ui = stack.enter_context(services)
        if as_json:
            _print(report, as_json=True, ui=ui.url)
        stay(supervisor, database, holder, ui)


def _print(report: DemoReport, *, as_json: bool, ui: str | None) -> None:
    if as_json:
        emit(report.document(ui))
    else:
        report.show(Console(highlight=False, markup=False))
