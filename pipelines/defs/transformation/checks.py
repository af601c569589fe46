"""Great Expectations at the second seam: what owners and agents read is plausible, which no single model can say."""

from dagster import AssetCheckExecutionContext, AssetCheckResult, asset_check

from pipelines.defs.resources import Warehouse
from pipelines.quality.marts import check_mart


@asset_check(
    asset=["analytics", "integration_analytics"],
    name="figures_are_plausible",
    description="The figures of every period agree with each other: parts with the whole, tickets with revenue, "
    "clients with bookings. A failure blocks nothing, because an owner is better served by yesterday's figures plus a "
    "doubt than by none; `failing_rows` names the shop and the period.",
)
def figures_are_plausible(context: AssetCheckExecutionContext, warehouse: Warehouse) -> AssetCheckResult:
    """Check every period of every shop."""
    with warehouse.connect() as connection:
        return check_mart(connection, context.check_specs[0].key, url=warehouse.database_url)
