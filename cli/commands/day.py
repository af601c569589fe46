"""`sixfb day`: play a day of all cadences over many simulated shops."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from cli.console import emit, say
from cli.environment import child_environment
from cli.preparation import prepared
from cli.progress import Progress
from cli.signals import stopping_in_order
from cli.supervisor import Supervisor


@click.command()
@click.option("--shops", type=click.IntRange(6, 1_000), default=200, show_default=True, help="Five of them are faulty.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same shops and edits.")
@click.option("--hours", type=click.FloatRange(1, 72), default=24.0, show_default=True, help="How long the day is.")
@click.option("--marts-every", type=click.FloatRange(0.5), default=3.0, show_default=True, help="Hours between builds.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def day(*, shops: int, seed: int, hours: float, marts_every: float, as_json: bool) -> None:
    """Play a day of all cadences over many simulated shops.

    The schedules are asked every five simulated minutes, and real Dagster runs do what they ask for, in a temporary
    home with a PostgreSQL of its own. Five shops are faulty, each in a way of its own; every healthy one is compared
    with its truth whenever it was synced. Ends with status 1 if its tables differ, if a sync of one did not succeed, or
    if a fault did not show.
    """
    from cli.chaos.arena import Arena

    with (
        stopping_in_order(),
        tempfile.TemporaryDirectory(prefix="sixfb-day-", ignore_cleanup_errors=True) as folder,
        Arena(Path(folder)) as arena,
        Supervisor(arena.home) as supervisor,
    ):
        environment = child_environment(arena.home, arena.url, arena.keys, allow_loopback=True)
        with prepared(supervisor, arena.home, arena.url, environment=environment, progress=Progress()):
            pass
        options = {"--shops": shops, "--seed": seed, "--hours": hours, "--marts-every": marts_every}
        arguments = [str(part) for option in options.items() for part in option]
        command = [sys.executable, "-P", "-m", "cli.day.play", *arguments]
        played = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    if not played.stdout:
        raise click.ClickException(f"The day ended with status {played.returncode} before it could be judged.")
    result = json.loads(played.stdout)
    if as_json:
        emit(result)
    else:
        for name, value in result.items():
            say(f"{name}: {value}")
    raise click.exceptions.Exit(0 if result["ok"] else 1)
