"""When the marts are brought up to date."""

from dagster import DefaultScheduleStatus, RunRequest, ScheduleEvaluationContext, SkipReason, schedule

from ingestion.control.integrations import list_integrations
from pipelines.cadence import analytics_slot, is_transform_due
from pipelines.cadence_runs import launched_by, transforms
from pipelines.defs.resources import Warehouse
from pipelines.defs.transformation.jobs import analytics


@schedule(
    job=analytics,
    # As the schedules of the syncs: a half-hour of any zone begins on a tick.
    cron_schedule="*/5 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every 30 minutes while any shop is in its own business hours: the marts of all shops, in one run. "
    "Asks every five minutes whether a half-hour has begun that no run has followed yet.",
)
def analytics_half_hourly(context: ScheduleEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run for all shops, if a half-hour struck in one of them."""
    tick = context.scheduled_execution_time
    with warehouse.connect() as connection:
        slot = analytics_slot(list_integrations(connection), tick)
    if slot is None:
        return SkipReason("No shop is due: none that is active and not paused is in its business hours.")
    if not is_transform_due(slot, transforms(context.instance, analytics.name, slot)):
        return SkipReason(f"No shop is due: a run has followed {slot:%H:%M} UTC, is under way, or failed too often.")
    return RunRequest(f"analytics:{tick.isoformat()}", tags=launched_by("analytics", tick))
