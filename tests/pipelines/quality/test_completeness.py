"""The asset check of completeness: which shops' lists were lately proven to be read whole."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import (
    AssetCheckKey,
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    TableMetadataValue,
    define_asset_job,
)
from psycopg import Connection

from ingestion.control.certificates import Certificate, LatestCertificate, latest_certificates, store
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.sync_operations import finish, start
from ingestion.reading import Evidence
from ingestion.systems import TRAFFT
from pipelines.defs.ingestion.checks import completeness_check
from pipelines.defs.resources import Warehouse
from pipelines.quality.completeness import MOST_AGE, check_completeness, trouble_with
from tests.pipelines.shops import insert_shop

CHECK = AssetCheckKey(AssetKey(["raw_trafft", "appointments"]), "list_is_complete")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PROVEN = LatestCertificate("1", "Elite Cuts", "complete", None, NOW, 900, 1, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({}, None),
        ({"started_at": NOW - MOST_AGE}, None),
        ({"started_at": NOW - MOST_AGE - timedelta(seconds=1)}, "last read whole at 2026-03-01 09:59 UTC"),
        ({"verdict": "incomplete", "reason": "it moved"}, "not proven to be read whole: it moved"),
        ({"repaired": 2}, "2 records were found that earlier syncs should have found"),
        ({"missing": 3, "gone": 3}, None),
    ],
)
def test_a_list_needs_a_look_when_it_is_not_proven_or_old(changed: dict[str, Any], trouble: str | None) -> None:
    assert trouble_with(replace(PROVEN, **changed), NOW) == trouble


def test_the_shops_that_need_a_look_are_named_and_come_first() -> None:
    broken = replace(PROVEN, integration_id="2", shop="Zz Fades", verdict="incomplete", reason="it moved")
    result = check_completeness(CHECK, [PROVEN, broken], now=NOW)
    assert (result.passed, result.severity.value) == (False, "WARN")
    assert result.description == "Zz Fades: not proven to be read whole: it moved"
    table = result.metadata["certificates"]
    assert isinstance(table, TableMetadataValue)
    assert [row.data["shop"] for row in table.records] == ["Zz Fades", "Elite Cuts"]


def test_without_a_certificate_there_is_nothing_to_warn_of() -> None:
    result = check_completeness(CHECK, [], now=NOW)
    assert (result.passed, result.metadata["shops"].value) == (True, 0)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, autocommit=True) as connection:
        yield connection


def certify(connection: Connection, integration_id: str, resource: str = "appointments", **fields: Any) -> None:
    integration = get_integration(connection, integration_id)
    operation = start(connection, integration, "full")
    store(connection, integration, operation, Certificate(resource, Evidence(), fields.pop("reason", None), **fields))
    finish(connection, operation, status="success")


@pytest.mark.sql
def test_only_the_last_certificate_of_shops_that_are_synced_counts(connection: Connection, database_url: str) -> None:
    synced = insert_shop(database_url, "b-synced")
    certify(connection, synced, reason="it moved")
    certify(connection, synced, missing=1)
    certify(connection, synced, "customers", reason="it moved")
    certify(connection, insert_shop(database_url, "a-disconnected", status="disconnected"))
    certify(connection, insert_shop(database_url, "c-paused", auto_sync=False))
    insert_shop(database_url, "d-new")
    [latest] = latest_certificates(connection, "trafft", "appointments")
    assert (latest.shop, latest.verdict, latest.missing) == ("b-synced", "complete", 1)
    assert latest_certificates(connection, "square", "appointments") == []


@pytest.mark.sql
@pytest.mark.slow
def test_dagster_shows_a_warning_for_the_list_and_stops_nothing(
    connection: Connection, database_url: str, instance: DagsterInstance
) -> None:
    shop = insert_shop(database_url, "fades")
    certify(connection, shop)
    certify(connection, shop, "customers", reason="it moved")
    definitions = Definitions(
        asset_checks=[completeness_check(TRAFFT)],
        jobs=[define_asset_job("check_completeness", AssetSelection.all_asset_checks())],
        resources={"warehouse": Warehouse(database_url=database_url)},
    )
    job = definitions.get_repository_def().get_job("check_completeness")
    result = job.execute_in_process(instance=instance)
    assert result.success
    passed = {each.asset_key.path[-1]: each.passed for each in result.get_asset_check_evaluations()}
    assert passed == {
        "appointments": True,
        "customers": False,
        "employees": True,
        "locations": True,
        "services": True,
    }
