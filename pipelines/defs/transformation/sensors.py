"""What happens in the version log that the marts must follow."""

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from pipelines.arrivals import newest_waiting_load
from pipelines.cadence_runs import UNDER_WAY
from pipelines.defs.resources import Warehouse
from pipelines.defs.transformation.jobs import analytics
from pipelines.runs import WEBHOOK_SYNC


@sensor(
    job=analytics,
    # A person who has just synced a shop looks at its figures next; the daemon asks no faster than every five seconds.
    minimum_interval_seconds=15,
    default_status=DefaultSensorStatus.RUNNING,
    description="Rows landed, by schedule, click or shell, that the marts do not show yet: brings them up to date, at "
    "night after the full sync too. A load is asked for once; if that run fails, the half-hourly one tries again.",
)
def rows_landed(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run for all that is waiting, unless one is under way that will take it in."""
    with warehouse.connect() as connection:
        load_id = newest_waiting_load(connection)
    if load_id is None:
        return SkipReason("Every completed load is in the marts.")
    if any(
        context.instance.get_runs_count(RunsFilter(job_name=name, statuses=list(UNDER_WAY)))
        for name in (analytics.name, WEBHOOK_SYNC)
    ):
        return SkipReason("A run is under way; what it does not take in is asked for when it has ended.")
    return RunRequest(f"landed:{load_id}")
