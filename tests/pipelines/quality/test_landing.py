"""The gate over time: what it looked at is not looked at again, and it stays shut until bad rows are mended."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    MetadataValue,
    RepositoryDefinition,
    TableMetadataValue,
    define_asset_job,
)
from psycopg import Connection

from ingestion.control.database import connect
from ingestion.systems import TRAFFT
from pipelines.defs.ingestion.checks import landing_check
from pipelines.defs.resources import Warehouse
from tests.pipelines.quality.rows import complete, land

pytestmark = [pytest.mark.sql, pytest.mark.slow]
CUSTOMERS = AssetCheckKey(AssetKey(["raw_trafft", "customers"]), "landed_as_promised")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, autocommit=True) as connection:
        yield connection


class Gate:
    """The check of the raw tables, run as Dagster runs it."""

    def __init__(self, database_url: str, instance: DagsterInstance) -> None:
        definitions = Definitions(
            asset_checks=[landing_check(TRAFFT)],
            jobs=[define_asset_job("check_landing", AssetSelection.all_asset_checks())],
            resources={"warehouse": Warehouse(database_url=database_url)},
        )
        self._repository: RepositoryDefinition = definitions.get_repository_def()
        self._instance = instance

    def check(self) -> AssetCheckResult:
        result = self._repository.get_job("check_landing").execute_in_process(
            instance=self._instance, raise_on_error=False
        )
        (found,) = [each for each in result.get_asset_check_evaluations() if each.asset_check_key == CUSTOMERS]
        return AssetCheckResult(
            passed=found.passed, severity=found.severity, metadata=found.metadata, description=found.description
        )


@pytest.fixture
def gate(database_url: str, instance: DagsterInstance) -> Gate:
    return Gate(database_url, instance)


def number(result: AssetCheckResult, name: str) -> object:
    return (result.metadata or {})[name].value


def test_each_check_begins_where_the_last_one_ended(connection: Connection, gate: Gate) -> None:
    land(connection, "customers", "1")
    complete(connection)
    first, second = gate.check(), gate.check()
    assert (first.passed, number(first, "rows")) == (True, 1)
    assert first.metadata is not None
    assert first.metadata["checked_until"] == MetadataValue.timestamp(datetime(2026, 3, 2, 12, 1, tzinfo=UTC))
    land(connection, "customers", "2", load="2")
    complete(connection, "2", at="2026-03-02T13:00:00Z")
    assert number(second, "rows") == 1  # within the difference of clocks, so looked at again
    third, fourth = gate.check(), gate.check()
    assert number(third, "loads") == 2
    assert number(fourth, "loads") == 1


def test_nothing_landed_is_good_and_costs_no_evaluation(gate: Gate) -> None:
    result = gate.check()
    assert (result.passed, number(result, "expectations")) == (True, 0)


def test_a_critical_row_keeps_the_gate_shut_until_it_is_mended(connection: Connection, gate: Gate) -> None:
    land(connection, "customers", "1", row_hash=None)
    complete(connection)
    for _ in range(2):
        result = gate.check()
        assert (result.passed, result.severity) == (False, AssetCheckSeverity.ERROR)
    land(connection, "customers", "2", load="2")
    complete(connection, "2", at="2026-03-03T13:00:00Z")
    assert not gate.check().passed
    connection.execute("delete from raw_trafft.customers where row_hash is null")
    assert gate.check().passed


def test_a_warning_is_shown_once_and_lets_through(connection: Connection, gate: Gate) -> None:
    land(connection, "customers", "1", first_name=None, email=None)
    complete(connection)
    result = gate.check()
    assert (result.passed, result.severity) == (False, AssetCheckSeverity.WARN)
    complete(connection, "2", at="2026-03-03T13:00:00Z")
    gate.check()
    assert gate.check().passed


def test_the_result_names_the_rows_by_id_and_nobody_by_name(connection: Connection, gate: Gate) -> None:
    land(connection, "customers", "17", first_name="Noah", op="deleted")
    complete(connection)
    metadata = gate.check().metadata or {}
    rows, failures = metadata["failing_rows"], metadata["failures"]
    assert isinstance(rows, TableMetadataValue)
    assert isinstance(failures, TableMetadataValue)
    assert rows.records[0].data["external_id"] == "17"
    assert failures.records[0].data["column"] == "op"
    assert "Noah" not in str(metadata)
