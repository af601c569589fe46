"""Running jobs outside the daemon."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from cli.environment import dagster_url
from ingestion.control.database import connect
from ingestion.reading import SyncType
from pipelines.launch import SYNC_TYPES, inputs_of
from simulator.server import Simulator
from simulator.shop import Shop
from tests.ingestion.syncing import connect_simulated

ROOT = Path(__file__).parents[2]


def test_a_single_shop_and_all_shops_are_kept_apart_from_themselves() -> None:
    assert inputs_of("full_sync", ["a"]).tags == {"sixfb/integration": "a"}
    assert inputs_of("full_sync", ["a", "b"]).tags == {"sixfb/shard": "all"}


def test_each_sync_job_reads_in_its_own_way() -> None:
    types = {job: config_of(job)["sync_type"] for job in SYNC_TYPES}
    assert types == {
        "full_sync": "full",
        "incremental_sync": "incremental",
        "customers_sync": "customers",
        "backfill": "backfill",
    }


def test_a_person_may_want_another_reading_and_certain_days() -> None:
    assert config_of("incremental_sync", "appointments", forced=True) == {
        "sync_type": "appointments",
        "integration_ids": ["a"],
        "forced": True,
    }
    assert config_of("backfill", date_from="2026-03-01", date_to="2026-03-31")["date_to"] == "2026-03-31"


def config_of(job: str, sync_type: SyncType | None = None, **options: str | bool) -> dict[str, object]:
    config: dict[str, object] = inputs_of(job, ["a"], sync_type, **options).config["ops"]["trafft"]["config"]
    return config


def test_a_job_that_is_no_sync_takes_no_shops() -> None:
    assert inputs_of("analytics", []).config == {}


@dataclass(frozen=True)
class Home:
    """A DAGSTER_HOME on a real PostgreSQL, with the environment set for child processes."""

    folder: Path
    instance: DagsterInstance


@pytest.fixture
def home(environment: pytest.MonkeyPatch, database_url: str, target_folder: Path, tmp_path: Path) -> Iterator[Home]:
    with connect(database_url, autocommit=True) as connection:
        connection.execute("create schema dagster")
    folder = tmp_path / "dagster"
    folder.mkdir()
    shutil.copy(ROOT / "dagster.yaml", folder)
    environment.setenv("DAGSTER_HOME", str(folder))
    environment.setenv("SIXFB_DAGSTER_POSTGRES_URL", dagster_url(database_url))
    with DagsterInstance.get() as instance:
        yield Home(folder, instance)


@pytest.mark.sql
@pytest.mark.slow
def test_jobs_run_one_after_the_other_in_a_process_of_their_own(home: Home) -> None:
    command = [sys.executable, "-m", "pipelines.launch", "incremental_sync", "full_sync"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    reports = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(report["job"], report["status"]) for report in reports] == [
        ("incremental_sync", "SUCCESS"),
        ("full_sync", "SUCCESS"),
    ]
    for report in reports:
        run = home.instance.get_run_by_id(report["runId"])
        assert run is not None
        assert run.status is DagsterRunStatus.SUCCESS
        assert run.remote_job_origin is not None
        assert run.remote_job_origin.location_name == "pipelines"


@pytest.mark.sql
@pytest.mark.slow
def test_a_failed_job_is_told_by_the_exit_status(home: Home) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    command = [sys.executable, "-m", "pipelines.launch", "full_sync", "--integration", nobody]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["status"] == "FAILURE"
    assert nobody in ended.stderr


@pytest.mark.sql
@pytest.mark.slow
def test_a_polite_end_closes_the_run_and_the_sync(
    home: Home, shop: Shop, simulator: Simulator, simulator_url: str, database_url: str, tmp_path: Path
) -> None:
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    simulator.fail_next("appointments", slow=60)
    command = [sys.executable, "-m", "pipelines.launch", "full_sync", "analytics", "--integration"]
    process = subprocess.Popen(
        [*command, connected.integration_id], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: connected.rows("select 1 from control.sync_operations where status = 'in_progress'") != [])
    process.terminate()
    assert process.wait(timeout=30) != 0
    runs = home.instance.get_runs()
    assert [(run.job_name, run.status) for run in runs] == [("full_sync", DagsterRunStatus.FAILURE)]
    assert connected.rows("select status from control.sync_operations") == [("failed",)]


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
