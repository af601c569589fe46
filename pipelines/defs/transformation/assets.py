"""The dbt project as assets: each model with its tests, and the tables that it reads and others write."""

from collections.abc import Iterator
from typing import Any

from dagster import AssetExecutionContext, AssetsDefinition, AssetSpec, Definitions, definitions
from dagster_dbt import DbtCliResource, dbt_assets

from pipelines.defs.resources import Warehouse
from pipelines.pools import TRANSFORM
from pipelines.project import manifest, run_folder
from pipelines.reconciling import Build, built_by
from pipelines.row_counts import with_row_counts
from pipelines.translators import OWNERS, DbtTranslator, raw_keys

BUILD = ["build", "--exclude-resource-type", "unit_test"]
"""Unit tests speak of the code, not of the data: they belong to a change, not to each half hour."""


@definitions
def models() -> Definitions:
    """Return the models and the tables they read that no asset of ours makes."""
    return Definitions(assets=[dbt_models(), *_read_only_tables()])


def dbt_models() -> AssetsDefinition:
    """Return the asset that builds and tests every model, all shops at once, from the rows that are new."""

    @dbt_assets(
        name="dbt",
        manifest=manifest(),
        dagster_dbt_translator=DbtTranslator(),
        pool=TRANSFORM,
    )
    def build(context: AssetExecutionContext, dbt: DbtCliResource, warehouse: Warehouse) -> Iterator[Any]:
        under_way = Build.begin(warehouse)
        results = run_folder() / "run_results.json"
        results.unlink(missing_ok=True)
        try:
            with warehouse.dbt_environment():
                command = dbt.cli([*BUILD, *under_way.options], context=context, target_path=run_folder())
                yield from with_row_counts(context, warehouse, command.stream())
        finally:
            # A test that failed has raised above, and the models are built nevertheless.
            under_way.finish(built=built_by(results))

    return build


def _read_only_tables() -> list[AssetSpec]:
    made_here = set(raw_keys())
    translator = DbtTranslator()
    tables = {translator.get_asset_key(source): source for source in manifest()["sources"].values()}
    return [
        AssetSpec(
            key,
            description=source["description"],
            group_name=source["source_name"],
            kinds={"postgres"},
            owners=OWNERS,
        )
        for key, source in tables.items()
        if key not in made_here
    ]
