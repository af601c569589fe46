"""When the marts are brought up to date."""

from dagster import DefaultScheduleStatus, RunRequest, ScheduleEvaluationContext, SkipReason, schedule

from ingestion.control.integrations import list_integrations
from pipelines.cadence import due
from pipelines.defs.resources import Warehouse
from pipelines.defs.transformation.jobs import analytics


@schedule(
    job=analytics,
    cron_schedule="*/30 8-20 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every 30 minutes from 08:00 to 20:30: the marts of all shops, from the rows that are new.",
)
def analytics_half_hourly(context: ScheduleEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run for all shops, unless there is none."""
    with warehouse.connect() as connection:
        if not due(list_integrations(connection)):
            return SkipReason("No shop is due: none is connected and active, or all are paused.")
    return RunRequest(f"analytics:{context.scheduled_execution_time.isoformat()}")
