"""What died without a word: runs that Dagster takes for alive, and syncs that nobody runs any more."""

from datetime import timedelta

from dagster import DefaultSensorStatus, SensorEvaluationContext, SkipReason, sensor

from ingestion.control.abandoned import close_all_abandoned
from pipelines.defs.resources import Warehouse
from pipelines.processes import close_dead_runs

_UNKNOWN_AFTER = timedelta(minutes=10)
"""A run tells its process when its first step begins, seconds after its start; ten minutes are no busy machine."""


@sensor(
    # The goal is two minutes from a death to a failed run; a look costs two small queries.
    minimum_interval_seconds=60,
    default_status=DefaultSensorStatus.RUNNING,
    description="A run's process or a sync's writer died without a word (a kill, a power cut): fails the run, frees "
    "its place in the pool, and closes the sync as failed. Dagster notices a dead worker by itself, unless the code "
    "server died with it.",
)
def processes_died(context: SensorEvaluationContext, warehouse: Warehouse) -> SkipReason:
    """Compare what is in progress with what is alive, so that a tick that was lost is made up for by the next."""
    runs = close_dead_runs(context.instance, unknown_after=_UNKNOWN_AFTER)
    syncs = close_all_abandoned(warehouse.database_url)
    if not runs and not syncs:
        return SkipReason("All that is in progress is alive.")
    for run in runs:
        context.log.warning(f"Run {run.run_id} of {run.job_name} was failed: its process is gone.")
    return SkipReason(f"Closed {len(runs)} dead runs and the syncs of {len(syncs)} shops.")
