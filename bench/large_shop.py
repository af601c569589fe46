"""L4 and L5: memory of a first sync of a small and a ten times larger shop, then a sweep that finds nothing new."""

from collections.abc import Collection
from dataclasses import replace

from bench.contenders.order import Order, ask
from bench.errors import ContentsDiffer
from bench.results import Result, Run
from bench.rounds import Rounds
from ingestion.control.database import connect

TIMES = 10
SMALL, LARGE, UNCHANGED = "small shop", "large shop", "large shop, unchanged"


def large_shop(rounds: Rounds, only: Collection[str]) -> list[Result]:
    """Measure the small shop, the large one, and the large one unchanged, in turn. Raises `ContentsDiffer`."""
    runs: list[Run] = []
    for number in range(1, rounds.count + 1):
        if "L4" in only:
            runs += _syncs(rounds, (SMALL,), times=1, number=number)
        contenders = (LARGE, UNCHANGED) if "L5" in only else (LARGE,)
        runs += _syncs(rounds, contenders, times=TIMES, number=number)
    return [make(rounds, runs) for benchmark, make in _RESULTS.items() if benchmark in only]


def _syncs(rounds: Rounds, contenders: Collection[str], *, times: int, number: int) -> list[Run]:
    """Sync one shop once for each contender, all into one database."""
    runs: list[Run] = []
    rows = rounds.shop.appointments * times
    with rounds.server.database("bench_large_shop") as url:
        order = Order(url, rounds.server.pid, str(rounds.records(times=times)), str(rounds.folder / f"{rows}_{number}"))
        for contender in contenders:
            outcome = ask("product", order)
            appended = _rows_each_once(url, rows) - sum(run.details["appended"] for run in runs)
            runs.append(Run.of(contender, replace(outcome, details={**outcome.details, "appended": appended})))
            rounds.say(f"round {number}: {contender}, {runs[-1].wall:.1f} s, {runs[-1].peak_mb:.0f} MB")
    return runs


def _rows_each_once(url: str, expected: int) -> int:
    """Return how many rows the log has; raises `ContentsDiffer` unless every appointment of the list is among them."""
    query = "select count(*), count(distinct external_id), min(external_id::int), max(external_id::int) from {}"
    with connect(url, autocommit=True) as connection:
        found = connection.execute(query.format("raw_trafft.appointments").encode()).fetchone()
    if found is None or found[1:] != (expected, 1, expected):
        raise ContentsDiffer(
            "The log's rows, appointments, least and greatest id, and the list's length", found, expected
        )
    return int(found[0])


def _memory(rounds: Rounds, runs: list[Run]) -> Result:
    small, large = ([run.peak_mb for run in runs if run.contender == name] for name in (SMALL, LARGE))
    growth = tuple(after / before for before, after in zip(small, large, strict=True))
    kept = tuple(run for run in runs if run.contender != UNCHANGED)
    return Result("L4", (tuple(small), tuple(large), growth), kept)


def _unchanged(rounds: Rounds, runs: list[Run]) -> Result:
    kept = tuple(run for run in runs if run.contender == UNCHANGED)
    appended = tuple(float(run.details["appended"]) for run in kept)
    microseconds = tuple(run.client / (rounds.shop.appointments * TIMES) * 1e6 for run in kept)
    return Result("L5", (appended, microseconds), kept)


_RESULTS = {"L4": _memory, "L5": _unchanged}
