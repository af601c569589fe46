"""`sixfb bench`: measure loading and syncing, side by side with their rivals."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.appointments import Shop
from bench.demo import demo
from bench.first_sync import first_sync
from bench.goals import OF_LOADING, OF_SYNCING
from bench.large_shop import large_shop
from bench.machine import machine_class
from bench.many_shops import many_shops
from bench.quiet_shops import quiet_shops
from bench.report import figures_table, page
from bench.results import Result, keep_results
from bench.rounds import Rounds
from bench.server import bench_server
from bench.webhook import webhook as measure_webhook

Command = TypeVar("Command", bound=Callable[..., Any])

_CHECKOUT = Path(__file__).resolve().parent.parent
RESULTS = _CHECKOUT / "bench" / "results.json"
PAGE = _CHECKOUT / "docs" / "benchmarks.md"


def _only(names: Sequence[str]) -> Callable[[Command], Command]:
    """Add the option that chooses among the benchmarks of one command."""

    def chosen(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
        given = tuple(name.strip().upper() for name in value.split(",") if name.strip())
        unknown = [name for name in given if name not in names]
        if unknown or not given:
            raise click.BadParameter(f"{', '.join(unknown) or value!r} is none of {', '.join(names)}.")
        return given

    return click.option("--only", default=",".join(names), callback=chosen, help=f"Of {','.join(names)}; default all.")


@click.group()
def bench() -> None:
    """Measure loading and syncing, side by side with their rivals."""


@bench.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(min=100), help="Appointments.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Rounds of each benchmark.")
@_only(OF_LOADING)
@click.option("--seed", default=7, show_default=True, help="Makes the appointments.")
@click.option("--known-keys", is_flag=True, help="Only the keys that Trafft is known to show: 0.7 kB, 27 values.")
@click.option("--write", is_flag=True, help="Keep the results in bench/results.json and write docs/benchmarks.md.")
def load(*, rows: int, runs: int, only: tuple[str, ...], seed: int, known_keys: bool, write: bool) -> None:
    """Measure the load path: first sync, memory, unchanged sweep, demo.

    With the defaults this takes about a quarter of an hour and 6 GB under the temporary folder, all of which goes.
    Nothing else should run meanwhile.
    """
    shop = Shop(seed, rows, has_custom_fields=not known_keys)
    command = f"sixfb bench load --rows {rows} --runs {runs} --only {','.join(only)} --seed {seed}"
    results = measure(shop, runs=runs, only=only, command=f"{command} --known-keys" if known_keys else command)
    _tell(results, write=write)


@bench.command()
@click.option("--runs", default=3, show_default=True, type=click.IntRange(min=1), help="Rounds of each benchmark.")
@_only(OF_SYNCING)
@click.option("--seed", default=7, show_default=True, help="Makes the appointments.")
@click.option("--write", is_flag=True, help="Keep the results in bench/results.json and write docs/benchmarks.md.")
def sync(*, runs: int, only: tuple[str, ...], seed: int, write: bool) -> None:
    """Measure runs over many shops: reading within a rate and without one, and a quiet hour.

    With the defaults this takes about ten minutes. Nothing else should run meanwhile.
    """
    command = f"sixfb bench sync --runs {runs} --only {','.join(only)} --seed {seed}"
    _tell(measure(Shop(seed, 0), runs=runs, only=only, command=command), write=write)


@bench.command()
@click.option("--events", default=40, show_default=True, type=click.IntRange(min=2), help="Webhooks, one by one.")
@click.option("--appointments", default=300, show_default=True, type=click.IntRange(min=1), help="Of the shop.")
@click.option("--seed", default=7, show_default=True, help="Makes the shop.")
@click.option("--write", is_flag=True, help="Keep the results in bench/results.json and write docs/benchmarks.md.")
def webhook(*, events: int, appointments: int, seed: int, write: bool) -> None:
    """Measure how long a webhook takes from the inbox to the marts, in an installation of its own.

    With the defaults this takes about ten minutes. Nothing else should run meanwhile.
    """
    command = f"sixfb bench webhook --events {events} --appointments {appointments} --seed {seed}"
    temporary = tempfile.TemporaryDirectory(prefix="sixfb-bench-", ignore_cleanup_errors=True)
    with temporary as folder:
        result = measure_webhook(Path(folder), events=events, appointments=appointments, seed=seed, say=_say)
    _tell(_signed([result], command), write=write)


def _tell(results: dict[str, Result], *, write: bool) -> None:
    click.echo(figures_table(results))
    if write:
        PAGE.write_text(page(keep_results(RESULTS, results)))
        click.echo(f"Wrote {PAGE}.", err=True)


def measure(shop: Shop, *, runs: int, only: tuple[str, ...], command: str) -> dict[str, Result]:
    """Run the benchmarks in a temporary folder and return their results by id."""
    temporary = tempfile.TemporaryDirectory(prefix="sixfb-bench-", ignore_cleanup_errors=True)
    with temporary as folder, bench_server(Path(folder)) as server:
        rounds = Rounds(server, Path(folder), shop, runs, say=_say)
        results = first_sync(rounds, only) if {"L1", "L2"} & set(only) else []
        results += large_shop(rounds, only) if {"L4", "L5"} & set(only) else []
        results += [demo(rounds)] if "D1" in only else []
        results += many_shops(rounds, only) if {"E1", "E2"} & set(only) else []
        results += quiet_shops(rounds, only) if {"S1", "S2"} & set(only) else []
    return _signed(results, command)


def _signed(results: Sequence[Result], command: str) -> dict[str, Result]:
    """Return the results by id, with where they come from."""
    today = datetime.now(UTC).date().isoformat()
    return {
        result.benchmark: replace(result, command=command, measured_on=today, machine=machine_class())
        for result in results
    }


def _say(line: str) -> None:
    click.echo(line, err=True)
