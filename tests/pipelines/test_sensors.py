"""The sensor that keeps the partitions in step with the shops."""

import pytest
from dagster import DagsterInstance, RepositoryDefinition, build_sensor_context
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ingestion.control.database import connect
from pipelines.defs.resources import Warehouse
from pipelines.partitions import integrations
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql


def evaluate(repository: RepositoryDefinition, instance: DagsterInstance, database_url: str) -> SensorExecutionData:
    resources = {"warehouse": Warehouse(database_url=database_url)}
    context = build_sensor_context(instance=instance, resources=resources, repository_def=repository)
    return repository.get_sensor_def("integrations_changed").evaluate_tick(context)


def test_a_shop_that_was_connected_gets_a_partition(
    repository: RepositoryDefinition, instance: DagsterInstance, database_url: str
) -> None:
    shop = insert_shop(database_url, "first")
    tick = evaluate(repository, instance, database_url)
    assert tick.dynamic_partitions_requests == [integrations.build_add_request([shop])]


def test_a_shop_that_is_gone_loses_its_partition(
    repository: RepositoryDefinition, instance: DagsterInstance, database_url: str
) -> None:
    shop = insert_shop(database_url, "first")
    instance.add_dynamic_partitions("integration", [shop])
    with connect(database_url) as connection:
        connection.execute("delete from control.integrations")
    tick = evaluate(repository, instance, database_url)
    assert tick.dynamic_partitions_requests == [integrations.build_delete_request([shop])]


def test_nothing_changed_is_said_and_requests_nothing(
    repository: RepositoryDefinition, instance: DagsterInstance, database_url: str
) -> None:
    shop = insert_shop(database_url, "first")
    instance.add_dynamic_partitions("integration", [shop])
    tick = evaluate(repository, instance, database_url)
    assert not tick.dynamic_partitions_requests
    assert tick.skip_message == "The 1 partitions are the connected shops."
