"""dbt without its start: the models are run in this process, from the manifest that was made beforehand.

dbt's command line imports for 1.3 s, looks whether anything changed, and only then runs; here the import overlaps with
the requests of a sync, and nothing is parsed. Running all models of a small warehouse took 1.9 s this way and 4.3 s as
a subprocess (two busy cores, 26 Nov 2026).
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from typing import Any

from pipelines.project import project, run_folder

PARTIAL_PARSE = "partial_parse.msgpack"
"""dbt's own binary form of the manifest, beside the JSON one."""


class ModelsFailed(Exception):
    """dbt could not bring the models up to date; the message has dbt's words, one line a model."""


@cache
def warm() -> "Future[Any]":
    """Begin to import dbt and to read its manifest, in a thread; the future holds the manifest."""
    loading: Future[Any] = Future()

    def load() -> None:
        try:
            loading.set_result(_manifest())
        except BaseException as error:
            loading.set_exception(error)

    threading.Thread(target=load, name="dbt", daemon=True).start()
    return loading


def run_models(database: str, arguments: Sequence[str] = (), *, with_views: bool = False) -> list[str]:
    """Run the stored models, and the views where asked for, and return the unique ids of those that were built.

    dbt's profile is read from the environment, see `Warehouse.dbt_environment`; `database` is the name of the one that
    it leads to. Raises `ModelsFailed`.
    """
    manifest = _of_database(warm().result(), database)
    from dbt.cli.main import dbtRunner

    folder = str(project().project_dir)
    places = ("--project-dir", folder, "--profiles-dir", folder)
    kept = ("--target-path", str(run_folder()), "--log-path", str(run_folder()), "--log-level", "none")
    # What went wrong is in the error; a log file would stay open for as long as the process lives.
    quiet = ("--log-level-file", "none", "--no-write-json")
    chosen = () if with_views else ("--exclude", "config.materialized:view")
    command = ["run", *chosen, *places, *kept, *quiet, *arguments]
    outcome = dbtRunner(manifest=manifest).invoke(command)
    if not outcome.success:
        raise ModelsFailed(_complaints(outcome))
    results: Any = outcome.result
    return [str(each.node.unique_id) for each in results]


def _manifest() -> Any:
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    path = project().project_dir / project().target_path / PARTIAL_PARSE
    return Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)


def _of_database(manifest: Any, database: str) -> Any:
    """Return the manifest with its relations in this database; it may have been made for one of another name."""
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.database != database:
            if node.relation_name:
                node.relation_name = node.relation_name.replace(f'"{node.database}".', f'"{database}".', 1)
            node.database = database
    manifest.build_flat_graph()
    return manifest


def _complaints(outcome: Any) -> str:
    if outcome.exception:
        return str(outcome.exception)
    failed = [each for each in outcome.result if each.status not in ("success", "skipped")]
    return "\n".join(f"{each.node.name}: {each.message}" for each in failed) or "dbt did not say why."
