"""What became of the asset checks of some runs, from Dagster's own storage."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

_EVALUATIONS = """
    select asset_key, check_name, execution_status, evaluation_event
    from dagster.asset_check_executions
    where run_id = any(%s)
    order by id
"""
_WARNING = "AssetCheckSeverity.WARN"


@dataclass(frozen=True)
class Failure:
    """A check that does not hold, or that could not be evaluated."""

    asset: str
    check: str
    severity: str
    """`error`, `warning`, or `not evaluated`."""


@dataclass(frozen=True)
class CheckCounts:
    """How many checks passed, failed, or failed with no more than a warning."""

    passed: int
    failed: int
    warned: int
    failures: tuple[Failure, ...]


def count_checks(connection: Connection, run_ids: Sequence[str]) -> CheckCounts:
    """Count the checks of the runs; one that was planned and never evaluated counts as failed."""
    rows = connection.execute(_EVALUATIONS, (list(run_ids),)).fetchall()
    failures = tuple(_failures(rows))
    warned = sum(failure.severity == "warning" for failure in failures)
    return CheckCounts(len(rows) - len(failures), len(failures) - warned, warned, failures)


def _failures(rows: Sequence[tuple[Any, ...]]) -> Iterator[Failure]:
    for asset_key, check, status, event in rows:
        if status != "SUCCEEDED":
            yield Failure("/".join(json.loads(asset_key)), check, _severity(status, event))


def _severity(status: str, event: str | None) -> str:
    if status != "FAILED" or not event:
        return "not evaluated"
    evaluation = json.loads(event)["dagster_event"]["event_specific_data"]
    return "warning" if evaluation["severity"].get("__enum__") == _WARNING else "error"
