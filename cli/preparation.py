"""What must be in place before anything can run: the database at this version, dbt's manifest, Dagster's home."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cli import manifest
from cli.dagster_services import prepare_home
from cli.home import Home
from cli.migration import migrate_dagster, migrate_ours
from cli.progress import Progress
from cli.supervisor import Supervisor


@contextmanager
def prepared(
    supervisor: Supervisor, home: Home, url: str, *, environment: Mapping[str, str], progress: Progress
) -> Iterator[None]:
    """Prepare everything; what the context does meanwhile overlaps with dbt's parsing, the longest part by far."""
    prepare_home(home)
    made_from = manifest.digest()
    parse = None
    if not manifest.is_fresh(home, made_from):
        progress.say("Parsing the dbt project in the background (its files are new)")
        parse = manifest.start_parse(supervisor, environment)
    with progress.phase("migrate", "Bringing the database up to date"):
        migrate_ours(url)
        migrate_dagster(supervisor, url, environment)
    yield
    if parse is not None:
        with progress.phase("parse", "Waiting for dbt's parsing"):
            manifest.finish_parse(supervisor, parse, home, made_from)
