"""The ways to sync: everything, what is new, the customers, or certain days."""

from datetime import timedelta

from dagster import AssetSelection, define_asset_job, in_process_executor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.tags import MAX_RUNTIME_SECONDS_TAG

from ingestion.reading import SyncType
from pipelines.runs import op_config
from pipelines.translators import raw_keys


def _sync_job(name: str, sync_type: SyncType, description: str, limit: timedelta) -> UnresolvedAssetJobDefinition:
    return define_asset_job(
        name,
        # The checks stand in front of dbt, in the job that transforms: they must not depend on every shop's success.
        selection=AssetSelection.assets(*raw_keys()).without_checks(),
        description=description,
        config={"ops": op_config(sync_type)},
        # One process: a second would cost 3 CPU seconds of imports before it did anything.
        executor_def=in_process_executor,
        tags={MAX_RUNTIME_SECONDS_TAG: str(int(limit.total_seconds()))},
    )


full_sync = _sync_job(
    "full_sync",
    "full",
    "Reads every list of the chosen shops whole: finds what is new, what changed and what was deleted.",
    # A million appointments at ten pages a second take 17 minutes; 200 ordinary shops take less than three hours.
    timedelta(hours=6),
)
incremental_sync = _sync_job(
    "incremental_sync",
    "incremental",
    "Reads what is new in the chosen shops; what changed in old appointments waits for the next full sync.",
    # The next one is due in an hour.
    timedelta(minutes=55),
)
customers_sync = _sync_job(
    "customers_sync",
    "customers",
    "Reads the customers of the chosen shops whole: new ones, changed ones, and those that were deleted.",
    # Less than a full sync reads by far, and the next incremental one is due in an hour.
    timedelta(minutes=55),
)
backfill = _sync_job(
    "backfill",
    "backfill",
    "Reads again the appointments of certain days, however long ago: name the shops and the days in the config.",
    # At most what a full sync reads.
    timedelta(hours=6),
)
