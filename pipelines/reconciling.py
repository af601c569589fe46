"""A build of the marts from its first look at the models to its note of what it has shown, whoever runs dbt."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from dagster import AssetKey, AssetMaterialization

from ingestion.control.database import split_url
from ingestion.control.webhook_events import Latency, mark_shown
from pipelines import model_digest
from pipelines.dbt_in_process import run_models
from pipelines.defs.resources import Warehouse
from pipelines.project import manifest
from pipelines.translators import DbtTranslator

SHOWS_WEBHOOKS = AssetKey(["analytics", "external_appointments"])


@dataclass(frozen=True)
class Build:
    """One build under way. Whatever landed before `began_at` (by the database's clock) is in it."""

    warehouse: Warehouse
    began_at: datetime
    options: list[str]
    """What dbt must be told: after an update of the models, that all is to be built anew."""

    @classmethod
    def begin(cls, warehouse: Warehouse) -> "Build":
        """Look whether the marts were built by the models as they are now."""
        with warehouse.connect() as connection:
            began_at: datetime = connection.execute("select clock_timestamp()").fetchall()[0][0]
            return cls(warehouse, began_at, model_digest.options(connection, manifest()))

    def finish(self, *, built: Collection[str]) -> Latency | None:
        """Note what these models (unique ids) now show, and how long webhooks took to be shown.

        Nothing is noted, and None returned, when the appointments are not among them; and that the marts were built by
        the present models only when every model is.
        """
        models = {
            unique_id: node for unique_id, node in manifest()["nodes"].items() if node["resource_type"] == "model"
        }
        keys = {_key(unique_id) for unique_id in built}
        with self.warehouse.connect() as connection:
            if self.options and models.keys() <= set(built):
                model_digest.remember(connection, manifest())
            return mark_shown(connection, taken_in_until=self.began_at) if SHOWS_WEBHOOKS in keys else None


def bring_up_to_date(warehouse: Warehouse) -> Iterator[AssetMaterialization]:
    """Run the stored models in this process and yield a materialisation of each. Raises `ModelsFailed`."""
    build = Build.begin(warehouse)
    with warehouse.dbt_environment():
        # Views stay as they are, unless the models have changed or none was built yet.
        built = run_models(split_url(warehouse.database_url).dbname, build.options, with_views=bool(build.options))
    latency = build.finish(built=built)
    for unique_id in built:
        key = _key(unique_id)
        yield AssetMaterialization(key, metadata=latency_metadata(latency) if key == SHOWS_WEBHOOKS else {})


def built_by(results: Path) -> list[str]:
    """Return the unique ids of the models that dbt's run_results.json says were built; none without that file."""
    if not results.exists():
        return []
    entries = orjson.loads(results.read_bytes())["results"]
    return [
        entry["unique_id"]
        for entry in entries
        if entry["unique_id"].startswith("model.") and entry["status"] == "success"
    ]


def latency_metadata(latency: Latency | None) -> dict[str, int | float]:
    """Return how long webhooks took from being stored to being shown; nothing when none was."""
    if latency is None or latency.p50_seconds is None or latency.p95_seconds is None:
        return {}
    return {
        "webhooks_shown": latency.events,
        "webhook_p50_seconds": round(latency.p50_seconds, 1),
        "webhook_p95_seconds": round(latency.p95_seconds, 1),
    }


def _key(unique_id: str) -> AssetKey:
    return DbtTranslator().get_asset_key(manifest()["nodes"][unique_id])
