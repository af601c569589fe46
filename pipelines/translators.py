"""How dlt's tables and dbt's models appear in the asset graph: keys `[schema, table]`, group, owners, kinds."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtProject

from ingestion.records import Resource
from ingestion.systems import SYSTEMS, BookingSystem

OWNERS = ["team:data"]

QUARANTINE = "quarantine"


def source_spec(system: BookingSystem, resource: Resource) -> AssetSpec:
    """Return the list in the booking system itself: nothing of ours makes it, and lineage begins there."""
    return AssetSpec(
        key=AssetKey([system.name, resource.name]),
        description=f"The list of {resource.name} as {system.title}'s API shows it.",
        group_name=system.name,
        kinds={system.name},
        owners=OWNERS,
    )


def raw_specs(system: BookingSystem) -> list[AssetSpec]:
    """Return the version log's tables, one for each list of the system, and their quarantine."""
    lists = {resource.name: source_spec(system, resource).key for resource in system.resources}
    quarantine = "Records that could not be read, each with the reason; missing from every figure until mended."
    return [
        *(_raw_spec(system, each.name, each.description, [lists[each.name]]) for each in system.resources),
        _raw_spec(system, QUARANTINE, quarantine, list(lists.values())),
    ]


def raw_keys() -> list[AssetKey]:
    """Return the keys of every system's raw tables."""
    return [spec.key for system in SYSTEMS.values() for spec in raw_specs(system)]


def raw_key(system: BookingSystem, table: str) -> AssetKey:
    """Return the key of one raw table."""
    return AssetKey([f"raw_{system.name}", table])


def _raw_spec(system: BookingSystem, table: str, description: str, sources: list[AssetKey]) -> AssetSpec:
    return AssetSpec(
        key=raw_key(system, table),
        deps=sources,
        description=description,
        group_name=system.name,
        kinds={"dlt", "postgres"},
        owners=OWNERS,
        metadata={"dagster/table_name": f"raw_{system.name}.{table}"},
        # Each shop's materialisation is recorded by itself, so the step as a whole yields no output.
        skippable=True,
    )


class DbtTranslator(DagsterDbtTranslator):
    """A model's key is its schema and table, so that it meets dlt's tables; its group is its layer's folder."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Return `[schema, table]` for models, seeds and sources alike."""
        table = dbt_resource_props.get("identifier") or dbt_resource_props.get("alias") or dbt_resource_props["name"]
        return AssetKey([dbt_resource_props["schema"], table])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Return a model's layer (staging, intermediate) or its mart's area; what is no model is named by its type."""
        if dbt_resource_props["resource_type"] != "model":
            return str(dbt_resource_props["resource_type"])
        _project, layer, *rest = dbt_resource_props["fqn"]
        return str(rest[0] if layer == "marts" else layer)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """Return who answers for the model."""
        return [*(super().get_owners(dbt_resource_props) or OWNERS)]

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetCheckSpec | None:
        """Return the check that a test becomes, described; None when the test belongs to another asset."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=_describe_test(manifest["nodes"][unique_id]))


def _describe_test(test: Mapping[str, Any]) -> str:
    if test["description"]:
        return str(test["description"])
    if "test_metadata" not in test:
        return f"{test['original_file_path']} finds no row."
    arguments = {name: value for name, value in test["test_metadata"]["kwargs"].items() if name != "model"}
    return f"{test['test_metadata']['name']}: " + ", ".join(f"{name} {value}" for name, value in arguments.items())
