"""What happens in the control record that Dagster must know."""

import time
from collections.abc import Sequence

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from ingestion.control import webhook_events
from ingestion.control.integrations import list_integrations
from ingestion.control.webhook_events import Waiting
from pipelines.cadence import SHOPS_A_RUN, is_syncable
from pipelines.cadence_runs import UNDER_WAY
from pipelines.defs.resources import Warehouse
from pipelines.partitions import integrations, requests_to_match
from pipelines.runs import WEBHOOK_SYNC, webhook_inputs

SECONDS_UNTIL_ASKED_AGAIN = 60
"""After this long the same events are asked for again, when the run for them died before it had counted an attempt."""


@sensor(
    # A newly connected shop is synced by whoever connected it; here it only has to show up in the UI soon.
    minimum_interval_seconds=30,
    default_status=DefaultSensorStatus.RUNNING,
    description="A shop was connected or removed: keeps the partitions in step with the table of integrations.",
)
def integrations_changed(context: SensorEvaluationContext, warehouse: Warehouse) -> SensorResult | SkipReason:
    """Compare the two lists as they are now, so that a tick that was lost is made up for by the next."""
    with warehouse.connect() as connection:
        connected = [shop.id for shop in list_integrations(connection)]
    known = context.instance.get_dynamic_partitions(str(integrations.name))
    requests = requests_to_match(connected, known)
    if not requests:
        return SkipReason(f"The {len(known)} partitions are the connected shops.")
    return SensorResult(dynamic_partitions_requests=requests)


@sensor(
    # By its name: Dagster makes the job anew with its resources, and then the sensor, which it warns of.
    job_name=WEBHOOK_SYNC,
    # The daemon looks every five seconds and no faster; a look is one query over an index of what waits.
    minimum_interval_seconds=1,
    default_status=DefaultSensorStatus.RUNNING,
    description="Webhooks wait: reads their records again in the shops concerned and shows them, all in one run. While "
    "that run is under way, more may gather; the next takes them together.",
)
def webhooks_waiting(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
    """Request one run for the shops whose events wait, as the inbox has them now."""
    with warehouse.connect() as connection:
        waiting = webhook_events.waiting(connection)
        shops = {shop.id for shop in list_integrations(connection) if is_syncable(shop)} if waiting else set()
    waiting = [each for each in waiting if each.integration_id in shops][:SHOPS_A_RUN]
    if not waiting:
        return SkipReason("No webhook waits for a shop that can be synced.")
    if context.instance.get_runs_count(RunsFilter(job_name=WEBHOOK_SYNC, statuses=list(UNDER_WAY))):
        return SkipReason("A run is under way; what has come since is asked for when it has ended.")
    inputs = webhook_inputs([each.integration_id for each in waiting])
    return RunRequest(run_key(waiting, now=time.time()), run_config=inputs.config, tags=inputs.tags)


def run_key(waiting: Sequence[Waiting], *, now: float) -> str:
    """Return a key that is new whenever there is something new to do; `now` is in seconds since 1970.

    The highest event alone would not do: one delivered again has its old number, and one that a run did not settle is
    asked for again under the number of its attempts. The minute lets nothing be blocked for good by a run that died.
    """
    latest = max(each.last_received_at for each in waiting)
    attempts = sum(each.attempts for each in waiting)
    number = max(each.number for each in waiting)
    return f"webhooks:{number}:{latest.isoformat()}:{attempts}:{int(now // SECONDS_UNTIL_ASKED_AGAIN)}"
