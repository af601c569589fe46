"""The rules of dbt-project-evaluator, as far as they are ours, over target/manifest.json and the files."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.project import PROJECT, Project

Nodes = dict[str, dict[str, Any]]

pytestmark = pytest.mark.slow

MODELS = sorted(PROJECT.glob("models/**/*.sql"))
NAMES = {
    "staging": r"stg_(?P<folder>\w+?)__[a-z]+s",
    "intermediate": r"int_[a-z]+s__[a-z]+",
    "external": r"external_[a-z]+s(_live)?",
    "analytics": r"integration_[a-z]+",
}
VERSIONS_REPEAT = r"stg_trafft__(?!loads).*|int_bookings__observed"
"""Logs, where the same version may stand twice: they have no key."""
TESTED_WHERE_STORED = "int_bookings__exploded"
"""A view that opens the JSON of every appointment: its keys are tested in the table that keeps them."""
READ_BY_NOBODY = {"stg_trafft__locations"}
"""An appointment carries its location's name; the list itself waits for a mart of locations."""
OVER_A_MART = {"external_appointments_live"}
"""A view that lays what has not been built yet over what has."""
MOST_PARENTS = 7
LONGEST_MODEL, LONGEST_YML = 150, 150


@pytest.fixture(scope="module")
def manifest(project: Project) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((project.folder / "target" / "manifest.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> Nodes:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def layer(model: dict[str, Any]) -> str:
    """Return staging, intermediate or marts."""
    return str(model["fqn"][1])


def parents(model: dict[str, Any]) -> Iterator[str]:
    """Yield source, staging, intermediate or marts for each relation that the model reads."""
    for unique_id in model["depends_on"]["nodes"]:
        kind, _, *_, name = unique_id.split(".")
        prefix = {"stg": "staging", "int": "intermediate"}.get(name.split("_")[0], "marts")
        yield "source" if kind == "source" else prefix


def data_tests_on(manifest: dict[str, Any], model: str, *names: str) -> list[dict[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") in names
        and str(node["attached_node"]).endswith(f".{model}")
    ]


def test_names_say_the_layer_and_lie_in_its_folder(models: Nodes) -> None:
    for name, model in models.items():
        folder = Path(model["original_file_path"]).parent.name
        pattern = NAMES["staging" if layer(model) == "staging" else folder]
        match = re.fullmatch(pattern, name)
        assert match, f"{name} in {folder}: expected {pattern}"
        assert match.groupdict().get("folder", folder) == folder, name


def test_every_model_has_a_yml_of_its_own_name(models: Nodes) -> None:
    for name, model in models.items():
        own = Path(model["original_file_path"]).with_suffix(".yml")
        assert model["patch_path"] == f"sixfb://{own}", name


def test_every_model_and_column_is_described(models: Nodes) -> None:
    for name, model in models.items():
        undescribed = [column for column, entry in model["columns"].items() if not entry["description"].strip()]
        assert model["description"].strip(), name
        assert not undescribed, f"{name}: {undescribed}"


def test_every_source_is_described_and_watched(manifest: dict[str, Any]) -> None:
    for source in manifest["sources"].values():
        assert source["description"].strip(), source["name"]
        assert all(column["description"].strip() for column in source["columns"].values()), source["name"]
        if source["source_name"] == "trafft":
            assert source["freshness"]["error_after"]["count"], source["name"]


def test_every_model_has_a_tested_key(manifest: dict[str, Any], models: Nodes) -> None:
    for name in models.keys() - {TESTED_WHERE_STORED}:
        assert data_tests_on(manifest, name, "not_null"), f"{name}: no not_null test"
        if not re.fullmatch(VERSIONS_REPEAT, name):
            assert data_tests_on(manifest, name, "unique", "unique_combination_of_columns"), f"{name}: no unique test"


def test_staging_reads_sources_and_nothing_else_does(models: Nodes) -> None:
    for name, model in models.items():
        read = set(parents(model))
        assert ("source" in read) == (layer(model) == "staging"), name
        assert layer(model) != "staging" or read == {"source"}, name


def test_marts_read_what_is_prepared_and_no_mart(models: Nodes) -> None:
    marts = {name: set(parents(model)) for name, model in models.items() if layer(model) == "marts"}
    assert {name for name, read in marts.items() if read != {"intermediate"}} == OVER_A_MART


def test_no_model_reads_too_many(models: Nodes) -> None:
    counts = {name: len(model["depends_on"]["nodes"]) for name, model in models.items()}
    assert max(counts.values()) <= MOST_PARENTS, counts


def test_every_prepared_model_is_read(manifest: dict[str, Any], models: Nodes) -> None:
    children = manifest["child_map"]
    unread = {
        name
        for name, model in models.items()
        if layer(model) != "marts" and not any(child.startswith("model.") for child in children[model["unique_id"]])
    }
    assert unread == READ_BY_NOBODY


def test_marts_promise_their_columns_and_tell_the_database(models: Nodes) -> None:
    for name, model in models.items():
        if layer(model) == "marts":
            assert model["contract"]["enforced"], name
            assert model["config"]["persist_docs"] == {"relation": True, "columns": True}, name
            assert model["columns"]["id"]["constraints"] or name in OVER_A_MART, name


def test_where_there_is_logic_there_is_a_unit_test(manifest: dict[str, Any]) -> None:
    tested = {unit["model"] for unit in manifest["unit_tests"].values()}
    assert tested >= {
        *("int_bookings__exploded", "int_bookings__priced", "int_services__versioned"),
        *("int_clients__summarised", "integration_analytics"),
    }


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_short(path: Path) -> None:
    assert len(_text(path).splitlines()) <= LONGEST_MODEL
    assert len(_text(path.with_suffix(".yml")).splitlines()) <= LONGEST_YML


def test_a_view_is_one_select_and_other_models_end_with_their_last_step(models: Nodes) -> None:
    # PostgreSQL does not look through a view that has a WITH: for one key it would read all of it.
    for path in MODELS:
        if models[path.stem]["config"]["materialized"] == "view":
            assert not re.search(r"^\s*with\b", _text(path), re.MULTILINE), path.stem
        else:
            assert re.search(r"\n\)\n\nselect \* from [a-z_]+\n\Z", _text(path)), path.stem


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_asks_no_clock_and_takes_no_payload_apart(path: Path) -> None:
    # json ->> is 22 times slower than a promoted column, and a clock in the SQL cannot be moved by as_of.
    forbidden = re.findall(r"->|jsonb?_extract|\bnow\(\)|current_(?:date|time|timestamp)|clock_timestamp", _text(path))
    assert not forbidden


@cache
def _text(path: Path) -> str:
    return path.read_text()
