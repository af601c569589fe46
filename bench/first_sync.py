"""L1 and L2: a first sync against COPY and against plain dlt, taken in turns over the same records."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from bench.account import InFile
from bench.contenders.order import Order, Outcome, ask
from bench.contents import COPY, LOG, require_facts_of_plain_dlt, require_records, require_same
from bench.meter import Meter
from bench.results import Result, Run
from bench.rounds import Rounds
from bench.server import psql


def first_sync(rounds: Rounds, only: Collection[str]) -> list[Result]:
    """Measure the product, then its rivals, in turn. Raises `ContentsDiffer`."""
    rivals = {"L1": "psql", "L2": "plain_dlt"}
    contenders = ("product", *(rival for benchmark, rival in rivals.items() if benchmark in only))
    runs: list[Run] = []
    order = Order("", rounds.server.pid, str(rounds.records()), "", in_memory=True)
    with rounds.server.database("bench_warm_up") as warm_up_url:
        for number in range(1, rounds.count + 1):
            with rounds.server.database(f"bench_first_sync_{number}") as url:
                folder = str(rounds.folder / f"first_sync_{number}")
                order = replace(order, url=url, work_dir=folder, warm_up_url=warm_up_url)
                for contender in contenders:
                    runs.append(Run.of(contender, _LOADS[contender](order)))
                    rounds.say(f"first sync, round {number}: {contender} {runs[-1].wall:.2f} s")
    makers = {"L1": _against_copy, "L2": _against_plain_dlt}
    return [make(runs) for benchmark, make in makers.items() if benchmark in only]


def _product(order: Order) -> Outcome:
    outcome = ask("product", order)
    with InFile(Path(order.records)) as records:
        require_records(order.url, records)
    return outcome


def _psql(order: Order) -> Outcome:
    """Copy the product's rows into a plain table of the same columns: no index, no constraint."""
    rows = Path(order.work_dir) / "rows.csv"
    psql(order.url, [f"\\copy raw_trafft.appointments to '{rows}' csv"])
    psql(order.url, [f"create table copied as {LOG} limit 0", "checkpoint"])
    with Meter(order.server_pid) as meter:
        psql(order.url, [f"\\copy copied from '{rows}' csv"])
    rows.unlink()
    require_same(order.url, "The version log and its copy", LOG, COPY)
    return Outcome(meter.cost, peak_rss=0)


def _plain_dlt(order: Order) -> Outcome:
    psql(order.url, ["checkpoint"])
    outcome = ask("plain_dlt", order)
    require_facts_of_plain_dlt(order.url)
    return outcome


_LOADS = {"product": _product, "psql": _psql, "plain_dlt": _plain_dlt}


def _against_copy(runs: list[Run]) -> Result:
    pairs = zip(_walls(runs, "product"), _walls(runs, "psql"), strict=True)
    ratios = tuple(product / copy for product, copy in pairs)
    return Result("L1", (ratios,), tuple(run for run in runs if run.contender != "plain_dlt"))


def _against_plain_dlt(runs: list[Run]) -> Result:
    pairs = zip(_walls(runs, "product"), _walls(runs, "plain_dlt"), strict=True)
    ratios = tuple(plain / product for product, plain in pairs)
    return Result("L2", (ratios,), tuple(run for run in runs if run.contender != "psql"))


def _walls(runs: list[Run], contender: str) -> list[float]:
    return [run.wall for run in runs if run.contender == contender]
