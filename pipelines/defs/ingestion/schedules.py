"""When shops are synced; which of them are due, `pipelines.cadence` decides."""

from dagster import DefaultScheduleStatus, RunRequest, ScheduleEvaluationContext, SkipReason, schedule

from ingestion.control.integrations import list_integrations
from ingestion.reading import SyncType
from pipelines.cadence import due
from pipelines.defs.ingestion.jobs import full_sync, incremental_sync
from pipelines.defs.resources import Warehouse
from pipelines.runs import sync_inputs


@schedule(
    job=full_sync,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="At 02:00: every shop that is active and not paused is read whole, in one run.",
)
def full_sync_daily(context: ScheduleEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run over the shops that are due."""
    return _request(context, warehouse, "full")


@schedule(
    job=incremental_sync,
    cron_schedule="0 8-20 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="On the hour from 08:00 to 20:00: what is new in every shop that is active and not paused, in one run.",
)
def incremental_sync_hourly(context: ScheduleEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run over the shops that are due."""
    return _request(context, warehouse, "incremental")


def _request(context: ScheduleEvaluationContext, warehouse: Warehouse, sync_type: SyncType) -> RunRequest | SkipReason:
    with warehouse.connect() as connection:
        shops = due(list_integrations(connection))
    if not shops:
        return SkipReason("No shop is due: none is connected and active, or all are paused.")
    inputs = sync_inputs(shops, sync_type)
    # One run a tick, however often the daemon evaluates it.
    run_key = f"{sync_type}_sync:{context.scheduled_execution_time.isoformat()}"
    return RunRequest(run_key, run_config=inputs.config, tags=inputs.tags)
