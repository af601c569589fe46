"""When the marts have to be built anew: after any change of ours to what they are made by, and only then."""

from copy import deepcopy
from typing import Any

import pytest

from ingestion.control.database import connect
from pipelines import model_digest

MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.sixfb.one": {
            "resource_type": "model",
            "raw_code": "select 1 as id",
            "columns": {"id": {"data_type": "integer", "description": "Key."}},
            "config": {"materialized": "incremental"},
        },
        "test.sixfb.one": {"resource_type": "test", "raw_code": "select 1"},
    },
    "macros": {
        "macro.sixfb.money": {"package_name": "sixfb", "macro_sql": "round"},
        "macro.dbt.run": {"package_name": "dbt", "macro_sql": "run"},
    },
}


def changed(*path: str, to: str) -> dict[str, Any]:
    """Return the manifest with one value replaced."""
    manifest = deepcopy(MANIFEST)
    place = manifest
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return manifest


@pytest.mark.parametrize(
    "manifest",
    [
        changed("nodes", "model.sixfb.one", "raw_code", to="select 2 as id"),
        changed("nodes", "model.sixfb.one", "columns", "id", "data_type", to="bigint"),
        changed("nodes", "model.sixfb.one", "config", "materialized", to="table"),
        changed("macros", "macro.sixfb.money", "macro_sql", to="floor"),
    ],
    ids=["a model", "a column", "how it is stored", "a macro"],
)
def test_what_shapes_the_marts_changes_the_digest(manifest: dict[str, Any]) -> None:
    assert model_digest.digest(manifest) != model_digest.digest(MANIFEST)


@pytest.mark.parametrize(
    "manifest",
    [
        changed("nodes", "model.sixfb.one", "columns", "id", "description", to="The key."),
        changed("nodes", "test.sixfb.one", "raw_code", to="select 2"),
        changed("macros", "macro.dbt.run", "macro_sql", to="build"),
    ],
    ids=["a description", "a test", "dbt's own macro"],
)
def test_what_does_not_leaves_it(manifest: dict[str, Any]) -> None:
    assert model_digest.digest(manifest) == model_digest.digest(MANIFEST)


@pytest.mark.sql
def test_marts_are_built_anew_until_the_present_models_have_built_them(database_url: str) -> None:
    newer = changed("macros", "macro.sixfb.money", "macro_sql", to="floor")
    with connect(database_url) as connection:
        assert model_digest.options(connection, MANIFEST) == ["--full-refresh"]
        connection.execute("create schema analytics")
        assert model_digest.options(connection, MANIFEST) == ["--full-refresh"]
        model_digest.remember(connection, MANIFEST)
        assert model_digest.options(connection, MANIFEST) == []
        assert model_digest.options(connection, newer) == ["--full-refresh"]
