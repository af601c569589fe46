"""Telling the living runs from the dead after a crash."""

import subprocess
import sys
import time
from datetime import timedelta

import psutil
import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, job, op
from dagster._core.test_utils import create_run_for_test

from pipelines.defs.resources import Warehouse
from pipelines.processes import PROCESS_TAG, close_dead_runs, this_process


def start(instance: DagsterInstance, tags: dict[str, str]) -> str:
    run: DagsterRun = create_run_for_test(instance, job_name="idle", status=DagsterRunStatus.STARTED, tags=tags)
    return run.run_id


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.fixture
def identity_of_a_dead_process() -> str:
    process = subprocess.Popen([sys.executable, "-c", ""])
    host = this_process()[PROCESS_TAG].split(":")[0]
    started = psutil.Process(process.pid).create_time()
    process.wait()
    return f"{host}:{process.pid}:{started:.2f}"


def test_a_run_whose_process_is_gone_is_failed(instance: DagsterInstance, identity_of_a_dead_process: str) -> None:
    run_id = start(instance, {PROCESS_TAG: identity_of_a_dead_process})
    assert [run.run_id for run in close_dead_runs(instance)] == [run_id]
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_run_whose_process_is_a_zombie_is_failed(instance: DagsterInstance) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])  # nobody asks how it ended
    try:
        zombie = psutil.Process(process.pid)
        identity = f"{this_process()[PROCESS_TAG].split(':')[0]}:{process.pid}:{zombie.create_time():.2f}"
        deadline = time.monotonic() + 30
        while zombie.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        run_id = start(instance, {PROCESS_TAG: identity})
        assert [run.run_id for run in close_dead_runs(instance)] == [run_id]
    finally:
        process.wait()


def test_a_run_of_a_code_server_that_is_not_there_is_failed(instance: DagsterInstance) -> None:
    run_id = start(instance, {})
    close_dead_runs(instance)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_run_whose_process_lives_is_left_alone(instance: DagsterInstance) -> None:
    run_id = start(instance, dict(this_process()))
    assert close_dead_runs(instance) == []
    assert status(instance, run_id) is DagsterRunStatus.STARTED


def test_a_later_process_with_the_same_number_is_not_taken_for_it(instance: DagsterInstance) -> None:
    host, pid, _ = this_process()[PROCESS_TAG].split(":")
    run_id = start(instance, {PROCESS_TAG: f"{host}:{pid}:1.00"})
    close_dead_runs(instance)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_run_on_another_machine_cannot_be_judged_from_here(instance: DagsterInstance) -> None:
    run_id = start(instance, {PROCESS_TAG: "elsewhere:1:1.00"})
    close_dead_runs(instance)
    assert status(instance, run_id) is DagsterRunStatus.STARTED


def test_a_dead_run_gives_its_place_in_the_pool_back(
    instance: DagsterInstance, identity_of_a_dead_process: str
) -> None:
    storage = instance.event_log_storage
    storage.set_concurrency_slots("transform", 1)
    run_id = start(instance, {PROCESS_TAG: identity_of_a_dead_process})
    assert storage.claim_concurrency_slot("transform", run_id, "dbt").is_claimed
    close_dead_runs(instance)
    assert storage.get_concurrency_info("transform").active_slot_count == 0


@pytest.mark.parametrize("finished", [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.NOT_STARTED])
def test_what_is_over_or_has_not_begun_is_left_alone(instance: DagsterInstance, finished: DagsterRunStatus) -> None:
    run_id = create_run_for_test(instance, job_name="idle", status=finished).run_id
    assert close_dead_runs(instance) == []
    assert status(instance, run_id) is finished


def test_a_run_that_has_not_told_its_process_is_given_time(instance: DagsterInstance) -> None:
    run_id = start(instance, {})
    assert close_dead_runs(instance, unknown_after=timedelta(minutes=10)) == []
    assert status(instance, run_id) is DagsterRunStatus.STARTED


def test_a_retry_is_not_taken_for_dead_because_it_carries_the_tags_of_the_dead_run(
    instance: DagsterInstance, identity_of_a_dead_process: str
) -> None:
    dead = start(instance, {PROCESS_TAG: identity_of_a_dead_process})
    close_dead_runs(instance)
    retry = create_run_for_test(
        instance,
        job_name="idle",
        status=DagsterRunStatus.STARTED,
        tags={PROCESS_TAG: identity_of_a_dead_process},
        parent_run_id=dead,
        root_run_id=dead,
    )
    assert close_dead_runs(instance, unknown_after=timedelta(minutes=10)) == []
    assert status(instance, retry.run_id) is DagsterRunStatus.STARTED


def test_a_run_tells_its_process_when_its_resources_are_made(instance: DagsterInstance) -> None:
    @op
    def look(warehouse: Warehouse) -> None:
        """Need a resource."""

    @job(resource_defs={"warehouse": Warehouse(database_url="postgresql://nobody@nowhere/none")})
    def idle() -> None:
        look()

    run_id = idle.execute_in_process(instance=instance).run_id
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.tags[PROCESS_TAG] == this_process()[PROCESS_TAG]
