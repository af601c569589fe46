"""The code location loaded once, on a manifest of its own; a Dagster instance per test; shops in a real database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, RepositoryDefinition
from dagster._core.storage.defs_state.base import set_defs_state_storage
from dbt.cli.main import dbtRunner

from ingestion.settings import get_settings
from pipelines import launch, project
from tests.ingestion.syncing import KEY_RING

PROJECT = Path(__file__).parents[2] / "dbt_project"


@pytest.fixture(scope="package")
def target_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with dbt's manifest, where the code location looks for it."""
    target = tmp_path_factory.mktemp("dbt") / "target"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DBT_TARGET_PATH", str(target))
        for name in ("HOST", "USER", "PASSWORD", "NAME"):
            environment.setenv(f"SIXFB_DB_{name}", "unused")
        environment.setenv("SIXFB_DB_PORT", "5432")
        places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--log-path", str(target.parent)]
        assert dbtRunner().invoke(["parse", "--quiet", *places]).success
        project.project.cache_clear()
        project.manifest.cache_clear()
        yield target
    project.project.cache_clear()
    project.manifest.cache_clear()


@pytest.fixture(scope="package")
def repository(target_folder: Path) -> RepositoryDefinition:
    """Return the code location as the code server loads it."""
    launch.repository.cache_clear()
    # Loading asks the instance that was entered last for its state, and an earlier test's may be gone by now.
    with set_defs_state_storage(None):
        return launch.repository()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    """Return a Dagster instance of the test's own, with a storage of its own."""
    with DagsterInstance.local_temp(str(tmp_path), overrides={"telemetry": {"enabled": False}}) as instance:
        yield instance


@pytest.fixture
def environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Set what an installation's environment holds, for a fresh database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENCRYPTION_KEY", KEY_RING.reveal())
    monkeypatch.setenv("SIXFB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ALLOW_LOOPBACK", "true")
    get_settings.cache_clear()
    yield monkeypatch
    get_settings.cache_clear()
