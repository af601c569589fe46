"""When shops are synced; which of them are due at a tick, `pipelines.cadence` decides.

Each schedule ticks every five minutes in UTC and asks who is due by now. Five, because every zone's offset is a
multiple of a quarter of an hour, so that each local hour begins on a tick, and because a run that died is made up for
at the next one; a tick on which nobody is due costs the daemon a few queries.
"""

from collections.abc import Sequence
from datetime import datetime

from dagster import (
    DagsterInstance,
    DefaultScheduleStatus,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ingestion.control.circuits import open_until
from ingestion.control.integrations import list_integrations
from ingestion.control.last_starts import last_starts
from ingestion.control.records import Integration
from pipelines.cadence import LONGEST_LOOK_BACK, Situation, due, shards
from pipelines.cadence_runs import scheduled_inputs, sync_runs
from pipelines.defs.ingestion.jobs import customers_sync, full_sync, incremental_sync
from pipelines.defs.resources import Warehouse
from pipelines.slots import SyncCadence

EVERY_FIVE_MINUTES = "*/5 * * * *"


def _sync_schedule(
    name: str, job: UnresolvedAssetJobDefinition, cadence: SyncCadence, description: str
) -> ScheduleDefinition:
    @schedule(
        name=name,
        job=job,
        cron_schedule=EVERY_FIVE_MINUTES,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=f"{description} Asks every five minutes which shops are due; one run takes up to 25 of them.",
    )
    def tick(context: ScheduleEvaluationContext, warehouse: Warehouse) -> list[RunRequest] | SkipReason:
        return requests_at(context.scheduled_execution_time, cadence, context.instance, warehouse)

    return tick


full_sync_daily = _sync_schedule(
    "full_sync_daily",
    full_sync,
    "full",
    "At 02:00 of each shop's own day, unless it chose another hour: the shop is read whole.",
)
incremental_sync_hourly = _sync_schedule(
    "incremental_sync_hourly",
    incremental_sync,
    "incremental",
    "On the hour in each shop's own business hours (08:00 to 20:00, unless it chose others): what is new in it.",
)
customers_sync_twice_daily = _sync_schedule(
    "customers_sync_twice_daily",
    customers_sync,
    "customers",
    "At 09:00 and 17:00 of each shop's own day, unless it chose other hours: its customers are read whole.",
)


def requests_at(
    tick: datetime, cadence: SyncCadence, instance: DagsterInstance, warehouse: Warehouse
) -> list[RunRequest] | SkipReason:
    """Return one request for each shard with shops that are due, or why there is none."""
    # The runs first: a sync that shows as running afterwards belongs to one of them, or to a run that has died.
    runs = sync_runs(instance, cadence, tick)
    with warehouse.connect() as connection:
        shops = list_integrations(connection)
        histories = last_starts(connection, since=tick - LONGEST_LOOK_BACK)
        situation = Situation(histories, runs, resting=open_until(connection).keys())
    wanted = due(cadence, shops, tick, situation)
    if not wanted:
        return SkipReason(f"No shop is due: of {len(shops)}, none has an hour that is not answered yet.")
    return _requests(tick, cadence, wanted, shards(shops))


def _requests(
    tick: datetime, cadence: SyncCadence, wanted: Sequence[Integration], shard_of: dict[str, int]
) -> list[RunRequest]:
    requests = []
    for shard in sorted({shard_of[shop.id] for shop in wanted}):
        ids = [shop.id for shop in wanted if shard_of[shop.id] == shard]
        inputs = scheduled_inputs(cadence, shard, ids, tick)
        # However often the daemon evaluates the tick, it launches a shard once.
        run_key = f"{cadence}:{tick.isoformat()}:{shard}"
        requests.append(RunRequest(run_key, run_config=inputs.config, tags=inputs.tags))
    return requests
