"""The sensor that sends the marts after what landed."""

from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RepositoryDefinition, build_sensor_context
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.test_utils import create_run_for_test

from ingestion.control.database import connect
from ingestion.trafft.models import CUSTOMERS
from pipelines.defs.resources import Warehouse
from tests.ingestion.raw_log import open_raw_log

pytestmark = pytest.mark.sql


def evaluate(repository: RepositoryDefinition, instance: DagsterInstance, database_url: str) -> SensorExecutionData:
    resources = {"warehouse": Warehouse(database_url=database_url)}
    context = build_sensor_context(instance=instance, resources=resources, repository_def=repository)
    return repository.get_sensor_def("rows_landed").evaluate_tick(context)


@pytest.fixture
def loaded_url(database_url: str, tmp_path: Path) -> str:
    with open_raw_log(database_url, tmp_path) as log:
        log.look(CUSTOMERS, [{"id": 1}])
    return database_url


def test_nothing_landed_requests_nothing(
    repository: RepositoryDefinition, instance: DagsterInstance, database_url: str
) -> None:
    tick = evaluate(repository, instance, database_url)
    assert (tick.run_requests, tick.skip_message) == ([], "Every completed load is in the marts.")


def test_a_load_is_asked_for_by_its_own_key(
    repository: RepositoryDefinition, instance: DagsterInstance, loaded_url: str
) -> None:
    first, second = (evaluate(repository, instance, loaded_url).run_requests or [] for _ in range(2))
    assert len(first) == 1
    assert [request.run_key for request in first] == [request.run_key for request in second]


def test_what_the_marts_have_taken_in_is_not_asked_for(
    repository: RepositoryDefinition, instance: DagsterInstance, loaded_url: str
) -> None:
    with connect(loaded_url) as connection:
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_loads__arrived as select load_id from raw_trafft._dlt_loads")
    assert evaluate(repository, instance, loaded_url).run_requests == []


@pytest.mark.parametrize("job_name", ["analytics", "webhook_sync"])
def test_a_run_under_way_is_waited_for(
    repository: RepositoryDefinition, instance: DagsterInstance, loaded_url: str, job_name: str
) -> None:
    create_run_for_test(instance, job_name=job_name, status=DagsterRunStatus.STARTED)
    tick = evaluate(repository, instance, loaded_url)
    assert tick.run_requests == []
    assert "under way" in str(tick.skip_message)
