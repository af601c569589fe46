"""Great Expectations at the first seam: nothing is transformed that did not land as the version log promises."""

from collections.abc import Iterator

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSpec,
    Definitions,
    definitions,
    multi_asset_check,
)

from ingestion.systems import SYSTEMS, BookingSystem
from pipelines.defs.resources import Warehouse
from pipelines.quality.landing import check_landing
from pipelines.translators import raw_specs

DESCRIPTION = """Every row that landed since the last check has its keys, its fingerprint and a plausible moment.

A critical failure stops the transformation of all shops, because only a fault of ours can cause it: find the load in
`failing_rows` (sync_id leads to `control.sync_operations`), mend or delete its rows, and run `analytics` again.
A warning stops nothing."""


@definitions
def landing_checks() -> Definitions:
    """Return the gate in front of dbt, one for each booking system."""
    return Definitions(asset_checks=[landing_check(system) for system in SYSTEMS.values()])


def landing_check(system: BookingSystem) -> AssetChecksDefinition:
    """Return the check of one booking system's raw tables."""
    specs = [
        AssetCheckSpec("landed_as_promised", asset=spec.key, description=DESCRIPTION, blocking=True)
        for spec in raw_specs(system)
    ]

    @multi_asset_check(name=f"{system.name}_landing", specs=specs, can_subset=True)
    def check(context: AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[AssetCheckResult]:
        with warehouse.connect() as connection:
            for key in sorted(context.selected_asset_check_keys):
                yield check_landing(connection, key, context.instance, url=warehouse.database_url)

    return check
