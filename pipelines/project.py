"""Where the dbt project and its manifest lie; the manifest is made beforehand, because importing never runs dbt."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from dagster import EnvVar
from dagster_dbt import DbtProject

PROJECT_DIR = Path(__file__).parent.parent / "dbt_project"


class ManifestMissing(Exception):
    """dbt's manifest is not there; the message says which command makes it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"dbt's manifest is missing at {path}. Make it with `dbt parse --project-dir {PROJECT_DIR.name} "
            f"--profiles-dir {PROJECT_DIR.name}` (`sixfb up`, `sixfb demo` and `make definitions` do), then reload."
        )


@cache
def project() -> DbtProject:
    """Return the dbt project; its artifacts lie under DBT_TARGET_PATH, as dbt's own commands put them."""
    return DbtProject(
        PROJECT_DIR, profiles_dir=PROJECT_DIR, target_path=EnvVar("DBT_TARGET_PATH").get_value() or "target"
    )


@cache
def manifest() -> Mapping[str, Any]:
    """Read the manifest. Raises `ManifestMissing`."""
    path = project().manifest_path
    if not path.exists():
        raise ManifestMissing(path)
    contents: Mapping[str, Any] = orjson.loads(path.read_bytes())
    return contents


def run_folder() -> Path:
    """Return where a run keeps dbt's artifacts and log: one folder for all runs, for transform runs are serialised."""
    return project().project_dir / project().target_path / "run"
