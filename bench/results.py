"""What was measured, kept as JSON so that one benchmark can be run again without the others."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.contenders.order import Outcome


@dataclass(frozen=True)
class Run:
    """One measured run of one contender."""

    contender: str
    wall: float
    client: float
    server: float
    others: float
    peak_mb: float
    details: Mapping[str, Any]

    @classmethod
    def of(cls, contender: str, outcome: Outcome) -> "Run":
        """Take an outcome into the record."""
        cost = outcome.cost
        return cls(
            contender=contender,
            wall=cost.wall,
            client=cost.client,
            server=cost.server,
            others=cost.others,
            peak_mb=outcome.peak_rss / 1e6,
            details=outcome.details,
        )


@dataclass(frozen=True)
class Result:
    """One benchmark's figures, a value for each round in the order of its goals, and the runs they come from."""

    benchmark: str
    figures: tuple[tuple[float, ...], ...]
    runs: tuple[Run, ...]
    command: str = ""
    measured_on: str = ""
    machine: str = ""

    def medians(self) -> tuple[float, ...]:
        """Return the median of each figure."""
        return tuple(median(values) for values in self.figures)


def read_results(path: Path) -> dict[str, Result]:
    """Return the kept results by benchmark; none where nothing was kept."""
    if not path.exists():
        return {}
    return {name: _result(given) for name, given in json.loads(path.read_text()).items()}


def keep_results(path: Path, results: Mapping[str, Result]) -> dict[str, Result]:
    """Put new results in the place of old ones of the same benchmarks, and return all."""
    kept = read_results(path) | dict(results)
    ordered = {name: kept[name] for name in sorted(kept)}
    path.write_text(json.dumps({name: asdict(result) for name, result in ordered.items()}, indent=1) + "\n")
    return ordered


def _result(given: dict[str, Any]) -> Result:
    figures = tuple(tuple(values) for values in given.pop("figures"))
    runs = tuple(Run(**run) for run in given.pop("runs"))
    return Result(figures=figures, runs=runs, **given)
