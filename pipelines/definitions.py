"""The code location `pipelines`: everything under `defs/`, discovered when asked for."""

from pathlib import Path

from dagster import Definitions, definitions, load_from_defs_folder


@definitions
def defs() -> Definitions:
    """Return the assets, checks, jobs, schedules, sensors and resources of this location."""
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
