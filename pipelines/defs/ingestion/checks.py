"""Checks of the raw tables: what landed is as the version log promises, and the lists were read whole."""

from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSpec,
    Definitions,
    definitions,
    multi_asset_check,
)

from ingestion.control.certificates import latest_certificates
from ingestion.systems import SYSTEMS, BookingSystem
from pipelines.defs.resources import Warehouse
from pipelines.quality.completeness import check_completeness
from pipelines.quality.landing import check_landing
from pipelines.translators import raw_key, raw_specs

DESCRIPTION = """Every row that landed since the last check has its keys, its fingerprint and a plausible moment.

A critical failure stops the transformation of all shops, because only a fault of ours can cause it: find the load in
`failing_rows` (sync_id leads to `control.sync_operations`), mend or delete its rows, and run `analytics` again.
A warning stops nothing."""

COMPLETE = """Each shop's list was lately read whole, and that is proven by a certificate (`control.sync_certificates`).

A warning names the shops whose last certificate is incomplete, older than 26 hours, or found records that earlier syncs
should have found. Their rows are right as far as they were seen; only deletions may be unnoticed. It stops nothing."""


@definitions
def landing_checks() -> Definitions:
    """Return the gate in front of dbt and the check of completeness, one of each for each booking system."""
    return Definitions(
        asset_checks=[check(system) for system in SYSTEMS.values() for check in (landing_check, completeness_check)]
    )


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


def completeness_check(system: BookingSystem) -> AssetChecksDefinition:
    """Return the check that one booking system's lists were proven to be read whole."""
    lists = {raw_key(system, resource.name): resource.name for resource in system.resources}
    specs = [AssetCheckSpec("list_is_complete", asset=key, description=COMPLETE) for key in lists]

    @multi_asset_check(name=f"{system.name}_completeness", specs=specs, can_subset=True)
    def check(context: AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[AssetCheckResult]:
        with warehouse.connect() as connection:
            for key in sorted(context.selected_asset_check_keys):
                certificates = latest_certificates(connection, system.name, lists[key.asset_key])
                yield check_completeness(key, certificates, now=datetime.now(UTC))

    return check
