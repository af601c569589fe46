"""What a cadence makes of the runs that it finds, whoever launched them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from dagster import DagsterRun, DagsterRunStatus

from pipelines.cadence_runs import as_sync_run, scheduled_inputs
from pipelines.runs import op_config, sync_inputs

TICK = datetime(2026, 3, 2, 9, tzinfo=UTC)


def run(job: str, config: dict[str, Any] | None = None, **more: Any) -> DagsterRun:
    return DagsterRun(job_name=job, run_config=config or {}, **more)


def test_a_run_of_a_cadence_is_read_back_as_it_was_launched() -> None:
    inputs = scheduled_inputs("customers", 3, ["a", "b"], TICK)
    read = as_sync_run(run("customers_sync", inputs.config, tags=inputs.tags, status=DagsterRunStatus.STARTED))
    assert (read.sync_type, read.integration_ids, read.is_under_way) == ("customers", {"a", "b"}, True)
    assert (read.cadence, read.launched_for) == ("customers", TICK)


def test_a_run_by_hand_names_its_shop_and_belongs_to_no_cadence() -> None:
    inputs = sync_inputs(["a"], "incremental")
    read = as_sync_run(run("incremental_sync", inputs.config, tags=inputs.tags))
    assert (read.sync_type, read.integration_ids) == ("incremental", {"a"})
    assert (read.cadence, read.launched_for) == (None, None)


@pytest.mark.parametrize(
    ("job", "config", "sync_type"),
    [
        ("full_sync", None, "full"),
        ("incremental_sync", None, "incremental"),
        ("customers_sync", None, "customers"),
        ("__ASSET_JOB", None, "full"),
        ("full_sync", {"ops": op_config("incremental")}, "incremental"),
        ("some_other_job", None, "some_other_job"),
    ],
)
def test_a_partition_that_was_clicked_is_a_shop_and_the_job_says_how_it_is_read(
    job: str, config: dict[str, Any] | None, sync_type: str
) -> None:
    read = as_sync_run(run(job, config, tags={"dagster/partition": "a"}))
    assert (read.integration_ids, read.sync_type) == ({"a"}, sync_type)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (DagsterRunStatus.NOT_STARTED, False),
        (DagsterRunStatus.STARTING, True),
        (DagsterRunStatus.STARTED, True),
        (DagsterRunStatus.CANCELING, True),
        (DagsterRunStatus.SUCCESS, False),
        (DagsterRunStatus.FAILURE, False),
        (DagsterRunStatus.CANCELED, False),
    ],
)
def test_a_run_is_under_way_from_the_queue_to_its_end(status: DagsterRunStatus, expected: bool) -> None:
    assert as_sync_run(run("full_sync", status=status)).is_under_way == expected
