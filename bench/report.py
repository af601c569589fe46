"""Writes the results as a page for people: docs/benchmarks.md."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from bench.goals import BENCHMARKS, Benchmark, Goal
from bench.results import Result, Run

_NOTES = Path(__file__).with_name("notes.md")
_HEAD = """# Benchmarks

Written by `sixfb bench load`, `sync` and `webhook` with `--write` from `bench/results.json`; do not edit. Every
figure is the median of rounds in which the contenders took turns on the same records, with the least and the greatest
in brackets; a ratio is taken within each round. Loads are compared by checksums over all rows and columns, and a
difference ends the benchmark.

Appointments are made from a seed (`bench/appointments.py`), about 1 kB of JSON each. PostgreSQL is the embedded server
with the product's settings, fsync on, a fresh database for each round. Each load is a process of its own; where a ratio
is formed, it has loaded a hundred records elsewhere first, so that imports (paid once by a process of any size) are not
in the ratio.
"""
_TABLE = """
| id | what | rival | figure | reach | then beat | median [least, greatest] | rounds | |
|---|---|---|---|---|---|---|---|---|
"""
_RUNS = """
## Runs

Seconds of wall time, CPU of the client and of PostgreSQL, and CPU that all other processes of the machine used
meanwhile: the more of the latter, the less the wall time says. MB is the client's peak resident memory.
"""
_RUNS_TABLE = """
| contender | wall | client | PostgreSQL | others | MB | says of itself |
|---|---|---|---|---|---|---|
"""


def figures_table(results: Mapping[str, Result]) -> str:
    """Return the figures and how they stand to their goals, as a table in Markdown."""
    known = [(BENCHMARKS[name], result) for name, result in results.items()]
    return "".join((_TABLE, *_figures(known)))


def page(results: Mapping[str, Result]) -> str:
    """Return the page for these results."""
    known = [(BENCHMARKS[name], result) for name, result in results.items()]
    return "".join((_HEAD, figures_table(results), _NOTES.read_text(), _RUNS, *(_runs(*pair) for pair in known)))


def _figures(known: list[tuple[Benchmark, Result]]) -> Iterator[str]:
    for benchmark, result in known:
        for goal, values in zip(benchmark.goals, result.figures, strict=True):
            yield _row(benchmark.id, benchmark.what, benchmark.rival, *_cells(goal, values))


def _cells(goal: Goal, values: tuple[float, ...]) -> Iterator[str]:
    middle = median(values)
    yield goal.figure
    yield goal.limit(goal.reach)
    yield goal.limit(goal.beat)
    yield f"{_number(middle)} {goal.unit} [{_number(min(values))}, {_number(max(values))}]"
    yield str(len(values))
    yield goal.verdict(middle)


def _runs(benchmark: Benchmark, result: Result) -> str:
    head = f"\n### {benchmark.id}\n\n`{result.command}` on {result.measured_on}, {result.machine}\n"
    return "".join((head, _RUNS_TABLE, *(_run(run) for run in result.runs), _cpu(result.runs)))


def _cpu(runs: tuple[Run, ...]) -> str:
    """Compare the product and a rival by CPU, which others on the machine disturb less than the wall."""
    contenders = tuple(dict.fromkeys(run.contender for run in runs))
    if len(contenders) != 2 or contenders[0] != "product":
        return ""
    first, second = (median(run.client + run.server for run in runs if run.contender == name) for name in contenders)
    least, most = sorted(((first, contenders[0]), (second, contenders[1])))
    ratio = _number(most[0] / least[0])
    return f"\nBy CPU, client and PostgreSQL together, {most[1]} takes {ratio} times what {least[1]} takes (medians).\n"


def _run(run: Run) -> str:
    seconds = (_number(value) for value in (run.wall, run.client, run.server, run.others))
    return _row(run.contender, *seconds, f"{run.peak_mb:.0f}" if run.peak_mb else "", _details(run.details))


def _details(details: Mapping[str, object]) -> str:
    """Write what a load said of itself: seconds per phase first."""
    phases = details.get("seconds")
    parts = [f"{name} {_number(value)} s" for name, value in phases.items()] if isinstance(phases, dict) else []
    for name, value in details.items():
        if isinstance(value, float):
            parts.append(f"{_number(value)} {name}" if "/" in name else f"{name} {_number(value)} s")
    return ", ".join(parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
