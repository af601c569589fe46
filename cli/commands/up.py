"""`sixfb up`: the whole installation until Ctrl-C."""

import click

from cli.dagster_services import dagster_services
from cli.demo_shops import disconnect_shops
from cli.environment import child_environment
from cli.installation import Installation
from cli.locks import only_one, only_one_on
from cli.migration import close_dead_runs
from cli.preparation import prepared
from cli.progress import Progress
from cli.serving import stay, ui_port
from cli.signals import stopping_in_order
from cli.supervisor import Supervisor


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=3000, show_default=True, help="For the Dagster UI.")
def up(*, port: int) -> None:
    """Run the whole installation until Ctrl-C.

    Starts the embedded PostgreSQL (unless DATABASE_URL is set), brings the database up to date, and runs Dagster with
    its schedules. Everything listens on this machine's loopback address alone.
    """
    installation, progress = Installation.open(), Progress()
    home = installation.home
    with (
        stopping_in_order(),
        only_one(home, "up") as holder,
        installation.database() as database,
        only_one_on(database.url),
        Supervisor(home) as supervisor,
    ):
        holder.tell(allowLoopback=installation.settings.allow_loopback)
        environment = child_environment(
            home, database.url, installation.key_ring(), allow_loopback=installation.settings.allow_loopback
        )
        with prepared(supervisor, home, database.url, environment=environment, progress=progress):
            pass
        if not installation.settings.allow_loopback and (names := disconnect_shops(database.url)):
            progress.say(f"Simulated shops rest until the next demo: {', '.join(names)}")
        close_dead_runs(supervisor, database.url, environment)
        with dagster_services(supervisor, home, environment, port=ui_port(port), progress=progress) as ui:
            stay(supervisor, database, holder, ui)
