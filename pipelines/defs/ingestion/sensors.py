"""What happens in the control record that Dagster must know."""

from dagster import DefaultSensorStatus, SensorEvaluationContext, SensorResult, SkipReason, sensor

from ingestion.control.integrations import list_integrations
from pipelines.defs.resources import Warehouse
from pipelines.partitions import integrations, requests_to_match


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
