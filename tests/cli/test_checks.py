"""Counting asset checks in Dagster's own storage, as Dagster writes it."""

from collections.abc import Iterator
from typing import Any

import pytest
from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, DagsterInstance, Output, asset, materialize

from cli.checks import Failure, count_checks
from cli.environment import dagster_url
from ingestion.control.database import connect

pytestmark = [pytest.mark.sql, pytest.mark.slow]

STORAGE = """
storage:
  postgres:
    postgres_url: "{url}"
telemetry:
  enabled: false
"""


@asset(check_specs=[AssetCheckSpec(name, asset="report") for name in ("holds", "doubtful", "broken")])
def report():  # type: ignore[no-untyped-def]
    yield Output(None)
    yield AssetCheckResult(check_name="holds", passed=True)
    yield AssetCheckResult(check_name="doubtful", passed=False, severity=AssetCheckSeverity.WARN)
    yield AssetCheckResult(check_name="broken", passed=False)


@asset(check_specs=[AssetCheckSpec("never_reached", asset="fails")])
def fails() -> Iterator[Any]:
    yield Output(None)
    raise ValueError("no data today")


def test_each_outcome_is_counted_and_each_failure_named(
    empty_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("dagster")
    with connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create schema dagster")
        (folder / "dagster.yaml").write_text(STORAGE.format(url=dagster_url(empty_database_url)))
        with DagsterInstance.from_config(str(folder)) as instance:
            runs = [materialize([one], instance=instance, raise_on_error=False).run_id for one in (report, fails)]
        counts = count_checks(connection, runs)
    assert (counts.passed, counts.failed, counts.warned) == (1, 2, 1)
    assert set(counts.failures) == {
        Failure("report", "doubtful", "warning"),
        Failure("report", "broken", "error"),
        Failure("fails", "never_reached", "not evaluated"),
    }
