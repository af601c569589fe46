"""What the code location offers, and that loading it does nothing else."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dagster import (
    AssetKey,
    AssetSelection,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    RepositoryDefinition,
)

from pipelines.project import PROJECT_DIR, ManifestMissing, manifest, project

ROOT = Path(__file__).parents[2]
GROUPS = {"trafft", "control", "staging", "intermediate", "external", "analytics"}

LOAD_AND_REPORT = """
import resource, sys
from pipelines.definitions import defs
defs().get_repository_def()
usage = resource.getrusage(resource.RUSAGE_SELF)
print("great_expectations" in sys.modules, usage.ru_utime + usage.ru_stime)
"""


def test_jobs_schedules_and_sensors_are_there(repository: RepositoryDefinition) -> None:
    jobs = {job.name for job in repository.get_all_jobs()}
    assert jobs >= {"full_sync", "incremental_sync", "customers_sync", "analytics", "webhook_sync"}
    # All tick alike, in UTC: which shops' local hours have struck, a tick finds out.
    assert {
        schedule.name: (schedule.cron_schedule, schedule.execution_timezone) for schedule in repository.schedule_defs
    } == {
        "full_sync_daily": ("*/5 * * * *", "UTC"),
        "incremental_sync_hourly": ("*/5 * * * *", "UTC"),
        "customers_sync_twice_daily": ("*/5 * * * *", "UTC"),
        "analytics_half_hourly": ("*/5 * * * *", "UTC"),
    }
    assert {sensor.name for sensor in repository.sensor_defs} >= {"integrations_changed", "webhooks_waiting"}


def test_a_new_installation_needs_nothing_to_be_switched_on(repository: RepositoryDefinition) -> None:
    assert {schedule.default_status for schedule in repository.schedule_defs} == {DefaultScheduleStatus.RUNNING}
    assert {sensor.default_status for sensor in repository.sensor_defs} == {DefaultSensorStatus.RUNNING}


def test_every_asset_has_a_group_an_owner_a_kind_and_a_description(repository: RepositoryDefinition) -> None:
    graph = repository.asset_graph
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name in GROUPS, key
        assert node.owners, key
        assert node.kinds, key
        assert node.description, key


def test_whatever_an_operator_starts_or_reads_is_described(repository: RepositoryDefinition) -> None:
    described = {job.name: job.description for job in repository.get_all_jobs() if not job.name.startswith("__")}
    described |= {schedule.name: schedule.description for schedule in repository.schedule_defs}
    described |= {sensor.name: sensor.description for sensor in repository.sensor_defs}
    graph = repository.asset_graph
    described |= {str(key): graph.get_check_spec(key).description for key in graph.asset_check_keys}
    assert [name for name, description in described.items() if not description] == []


@pytest.mark.parametrize("resource", ["appointments", "customers", "services", "employees"])
def test_lineage_leads_from_the_list_in_trafft_to_the_figures(repository: RepositoryDefinition, resource: str) -> None:
    downstream = AssetSelection.assets(AssetKey(["trafft", resource])).downstream().resolve(repository.asset_graph)
    assert AssetKey(["raw_trafft", resource]) in downstream
    assert AssetKey(["staging", f"stg_trafft__{resource}"]) in downstream
    assert AssetKey(["analytics", f"external_{resource}"]) in downstream


def test_bookings_end_in_the_figures(repository: RepositoryDefinition) -> None:
    ancestors = repository.asset_graph.get_ancestor_asset_keys(AssetKey(["analytics", "integration_analytics"]))
    assert AssetKey(["trafft", "appointments"]) in ancestors


def test_nothing_is_transformed_before_the_landing_was_checked(repository: RepositoryDefinition) -> None:
    steps = repository.get_job("analytics").graph.dependency_structure
    before_dbt = {handle.node_name for handle in steps.all_upstream_outputs_from_node("dbt")}
    assert before_dbt == {"trafft_landing"}


def test_dbt_tests_are_checks(repository: RepositoryDefinition) -> None:
    tests = [node for node in manifest()["nodes"].values() if node["resource_type"] == "test"]
    names = {key.name for key in repository.asset_graph.asset_check_keys}
    assert {test["name"] for test in tests} <= names


def test_every_job_ends_by_itself_and_in_one_process(repository: RepositoryDefinition) -> None:
    for name in ("full_sync", "incremental_sync", "webhook_sync", "analytics"):
        job = repository.get_job(name)
        assert int(job.run_tags["dagster/max_runtime"]) > 0
        assert job.executor_def.name == "in_process"


def test_the_location_has_one_name() -> None:
    project_file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    module = workspace["load_from"][0]["python_module"]
    assert module["location_name"] == project_file["tool"]["dg"]["project"]["code_location_name"]
    assert module["module_name"] == f"{project_file['tool']['dg']['project']['root_module']}.definitions"


@pytest.mark.slow
def test_loading_is_quick_and_leaves_great_expectations_alone(target_folder: Path) -> None:
    loaded = subprocess.run([sys.executable, "-c", LOAD_AND_REPORT], capture_output=True, text=True, check=True)
    imported, cpu_seconds = loaded.stdout.split()
    assert imported == "False"
    assert float(cpu_seconds) < 5


@pytest.mark.slow
def test_dg_finds_nothing_wrong(target_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dg = Path(sys.executable).with_name("dg")
    # A home of its own: dg would take the dagster.yaml of this folder otherwise, and with it a database.
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    checked = subprocess.run([dg, "check", "defs"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_missing_manifest_says_which_command_makes_it(
    target_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: None
) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    project.cache_clear()
    manifest.cache_clear()
    with pytest.raises(ManifestMissing, match=f"dbt parse --project-dir {PROJECT_DIR.name}"):
        manifest()


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Forget where the project lies, after the test too."""
    yield
    project.cache_clear()
    manifest.cache_clear()
