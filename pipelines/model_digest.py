"""Whether the marts were built by the models as they are now: after an update of ours they have to be built anew.

Incremental models compute what is new with today's rules and keep what they computed with yesterday's, and a model
whose columns changed cannot go on at all. So the digest of models and macros is kept with what they built, as the
comment of the marts' schema, and a build that finds another one, or none, is a full one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from psycopg import Connection
from psycopg.sql import SQL, Literal

MARTS = "analytics"
"""The schema that readers know; its comment holds the digest."""
PACKAGE = "sixfb"
FULL_REFRESH = "--full-refresh"

_PREFIX = "Marts built by models "
_SHAPING = ("materialized", "incremental_strategy", "unique_key", "contract")


def digest(manifest: Mapping[str, Any]) -> str:
    """Return what changes whenever a model or macro of ours, or the columns that a mart promises, do."""
    parts = sorted(_parts(manifest))
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:16]


def options(connection: Connection, manifest: Mapping[str, Any]) -> list[str]:
    """Return what dbt must be told so that its result is that of the models as they are now."""
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (MARTS,)
    ).fetchone()
    return [] if row and row[0] == _PREFIX + digest(manifest) else [FULL_REFRESH]


def remember(connection: Connection, manifest: Mapping[str, Any]) -> None:
    """Note that every model was built as it is now; the connection's transaction has to be committed."""
    note = Literal(_PREFIX + digest(manifest))
    connection.execute(SQL("comment on schema analytics is {}").format(note))


def _parts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            columns = {name: column["data_type"] for name, column in node["columns"].items()}
            shape = {name: node["config"].get(name) for name in _SHAPING}
            yield unique_id, orjson.dumps([node["raw_code"], columns, shape], option=orjson.OPT_SORT_KEYS).decode()
    for unique_id, macro in manifest["macros"].items():
        if macro["package_name"] == PACKAGE:
            yield unique_id, macro["macro_sql"]
