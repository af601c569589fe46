"""The booking system's lists, and the version log they land in: one partition a shop."""

from collections.abc import Iterator

from dagster import (
    AssetExecutionContext,
    AssetMaterialization,
    AssetsDefinition,
    BackfillPolicy,
    Definitions,
    ResourceParam,
    definitions,
    multi_asset,
)

from ingestion.sync import Installation
from ingestion.systems import SYSTEMS, BookingSystem
from pipelines.landing import SyncConfig, sync_shops
from pipelines.partitions import integrations
from pipelines.translators import raw_specs, source_spec


@definitions
def raw() -> Definitions:
    """Return each booking system's lists and raw tables."""
    sources = [source_spec(system, resource) for system in SYSTEMS.values() for resource in system.resources]
    return Definitions(assets=[*sources, *map(raw_assets, SYSTEMS.values())])


def raw_assets(system: BookingSystem) -> AssetsDefinition:
    """Return the asset that syncs shops of one booking system into its raw tables."""

    @multi_asset(
        name=system.name,
        description=f"Reads each shop's lists from {system.title} and appends what changed to the version log.",
        specs=raw_specs(system),
        partitions_def=integrations,
        # A back-fill of many shops is one run: starting a process costs more than syncing a quiet shop.
        backfill_policy=BackfillPolicy.single_run(),
    )
    def sync(
        context: AssetExecutionContext, config: SyncConfig, installation: ResourceParam[Installation]
    ) -> Iterator[AssetMaterialization]:
        yield from sync_shops(context, system, config, installation=installation)

    return sync
