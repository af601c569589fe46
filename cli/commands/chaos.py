"""`sixfb chaos`: break syncs on purpose, and prove that nothing is lost."""

import tempfile
from pathlib import Path

import click

from cli.chaos.schedule import KINDS, ROUNDS_PER_CAST, schedule
from cli.console import emit, say
from cli.progress import Progress
from cli.signals import stopping_in_order


@click.command(epilog="\b\nKINDS\n" + "\n".join(f"  {kind:<17}{what}" for kind, what in KINDS.items()))
@click.option("--rounds", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many rounds.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same rounds.")
@click.option("--first", type=click.IntRange(1), default=1, help="Begin with this round, or the first of its shops.")
@click.option("--only", "kinds", multiple=True, type=click.Choice(tuple(KINDS)), help="These kinds only; repeatable.")
@click.option("--no-marts", is_flag=True, help="Compare the version log alone, without a dbt build at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def chaos(*, rounds: int, seed: int, first: int, kinds: tuple[str, ...], no_marts: bool, as_json: bool) -> None:
    """Break syncs on purpose, and prove that nothing is lost.

    Disturbs syncs and analytics runs of simulated shops, lets them recover, and compares the tables with the truth.
    Everything happens in a temporary home with a PostgreSQL of its own. Ends with status 1 if anything is lost,
    doubled or left over. docs/chaos.md says what each kind proves, and what a seed cannot repeat.
    """
    from cli.chaos.arena import Arena
    from cli.chaos.engine import Engine

    begin = (first - 1) // ROUNDS_PER_CAST
    acts = [act for act in schedule(seed, rounds, kinds) if act.cast >= begin]
    with (
        stopping_in_order(),
        tempfile.TemporaryDirectory(prefix="sixfb-chaos-", ignore_cleanup_errors=True) as folder,
        Arena(Path(folder)) as arena,
    ):
        campaign = Engine(arena, seed, Progress(), say).play(acts, with_marts=not no_marts)
    for line in campaign.summary():
        say(line)
    if as_json:
        emit(campaign.document())
    if not campaign.is_clean:
        raise click.exceptions.Exit(1)
