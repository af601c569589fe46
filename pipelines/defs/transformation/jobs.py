"""The one way to transform: check what landed, build and test the models, check the marts."""

from datetime import timedelta

from dagster import AssetSelection, define_asset_job, in_process_executor
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG

from pipelines.translators import raw_keys

analytics = define_asset_job(
    "analytics",
    selection=(AssetSelection.all() - AssetSelection.assets(*raw_keys()))
    | AssetSelection.checks_for_assets(*raw_keys()),
    description="Checks what landed since the last time, then brings every model up to date and tests it, all at once.",
    executor_def=in_process_executor,
    # The next one is due in half an hour.
    tags={MAX_RUNTIME_SECONDS_TAG: str(int(timedelta(minutes=25).total_seconds()))},
)
