"""The sensor that closes what died without a word."""

import subprocess
import sys

import psutil
import pytest
from dagster import DagsterInstance, DagsterRunStatus, build_sensor_context
from dagster._core.test_utils import create_run_for_test

from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.locks import integration_lock
from ingestion.control.sync_operations import history, start
from pipelines.defs.operations.sensors import processes_died
from pipelines.defs.resources import Warehouse
from pipelines.processes import PROCESS_TAG, this_process
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql


def tick(instance: DagsterInstance, database_url: str) -> str | None:
    resources = {"warehouse": Warehouse(database_url=database_url)}
    context = build_sensor_context(instance=instance, resources=resources)
    return processes_died.evaluate_tick(context).skip_message


def sync_in_progress(database_url: str) -> str:
    """Open a sync that began an hour ago, and return its integration."""
    shop = insert_shop(database_url, "first")
    with connect(database_url, autocommit=True) as connection:
        start(connection, get_integration(connection, shop), "full")
        connection.execute("update control.sync_operations set started_at = now() - interval '1 hour'")
    return shop


def latest(database_url: str, shop: str) -> tuple[str, str]:
    with connect(database_url) as connection:
        operation = history(connection, shop, 1)[0]
    return operation.status, str(operation.errors)


def test_nothing_is_done_while_all_is_alive(instance: DagsterInstance, database_url: str) -> None:
    run = create_run_for_test(instance, job_name="idle", status=DagsterRunStatus.STARTED, tags=dict(this_process()))
    shop = sync_in_progress(database_url)
    with integration_lock(database_url, shop):
        assert tick(instance, database_url) == "All that is in progress is alive."
    assert latest(database_url, shop)[0] == "in_progress"
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is DagsterRunStatus.STARTED


def test_a_sync_whose_writer_died_is_closed_with_its_class_and_advice(
    instance: DagsterInstance, database_url: str
) -> None:
    shop = sync_in_progress(database_url)
    assert tick(instance, database_url) == "Closed 0 dead runs and the syncs of 1 shops."
    status, errors = latest(database_url, shop)
    assert status == "failed"
    assert "Abandoned" in errors
    assert "the next sync carries on" in errors


def test_a_sync_that_has_just_begun_is_left_alone(instance: DagsterInstance, database_url: str) -> None:
    shop = sync_in_progress(database_url)
    with connect(database_url) as connection:
        connection.execute("update control.sync_operations set started_at = now()")
    tick(instance, database_url)
    assert latest(database_url, shop)[0] == "in_progress"


def test_a_run_that_died_with_the_code_server_fails_and_frees_its_place_in_the_pool(
    instance: DagsterInstance, database_url: str
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    host = this_process()[PROCESS_TAG].split(":")[0]
    identity = f"{host}:{process.pid}:{psutil.Process(process.pid).create_time():.2f}"
    process.wait()
    storage = instance.event_log_storage
    storage.set_concurrency_slots("transform", 1)
    run = create_run_for_test(instance, job_name="idle", status=DagsterRunStatus.STARTED, tags={PROCESS_TAG: identity})
    assert storage.claim_concurrency_slot("transform", run.run_id, "dbt").is_claimed
    assert tick(instance, database_url) == "Closed 1 dead runs and the syncs of 0 shops."
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status is DagsterRunStatus.FAILURE
    assert storage.get_concurrency_info("transform").active_slot_count == 0
