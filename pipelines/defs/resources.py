"""What assets, checks and schedules are given: Dagster's adapters around domain objects, secrets by name alone."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from dagster import (
    ConfigurableResource,
    Definitions,
    EnvVar,
    InitResourceContext,
    definitions,
)
from dagster_dbt import DbtCliResource
from packaging.version import Version
from psycopg import Connection

from ingestion.control.database import connect, split_url
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from ingestion.settings import get_settings
from ingestion.sync import Installation
from pipelines.processes import note_process
from pipelines.project import PROJECT_DIR


class InstallationResource(ConfigurableResource[Installation]):
    """The place a sync runs in: database, key ring, working folder. The UI shows variables' names, never values."""

    database_url: str
    encryption_key: str

    def create_resource(self, context: InitResourceContext) -> Installation:
        """Open the key ring; one that cannot be read stops the run here, before the first request."""
        note_process(context)
        settings = get_settings()
        return Installation(
            url=self.database_url,
            vault=Vault.from_ring(Secret(self.encryption_key)),
            work_dir=settings.sixfb_home / "dlt",
            allow_loopback=settings.allow_loopback,
            requests_per_second=settings.requests_per_second,
        )


class Warehouse(ConfigurableResource[None]):
    """The one database: control record, raw tables and marts."""

    database_url: str

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Note whose run this is."""
        note_process(context)

    def connect(self) -> Connection:
        """Open a session; use it as a context manager."""
        return connect(self.database_url)

    @contextmanager
    def dbt_environment(self) -> Iterator[None]:
        """Put the database's address where dbt's profile looks for it, in the environment, while dbt runs."""
        parts = split_url(self.database_url)
        address = {
            "SIXFB_DB_HOST": parts.host,
            "SIXFB_DB_PORT": str(parts.port),
            "SIXFB_DB_USER": parts.user,
            "SIXFB_DB_PASSWORD": parts.password.reveal(),
            "SIXFB_DB_NAME": parts.dbname,
        }
        environment = os.environ  # noqa: TID251 -- written for dbt, which takes its profile from nowhere else
        before = {name: environment[name] for name in address if name in environment}
        environment.update(address)
        try:
            yield
        finally:
            for name in address:
                del environment[name]
            environment.update(before)


class Dbt(DbtCliResource):
    """dbt's command line, without two things that dagster-dbt does before each command and that we have no use for.

    It starts dbt once more to ask for its version, and opens an adapter of its own to count rows and read columns:
    together 1.9 of the 14 CPU seconds of a run that finds nothing to do (November 2026).
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        """Open none."""


@definitions
def resources() -> Definitions:
    """Return the resources by the names that assets, checks, schedules and sensors ask for."""
    database_url = EnvVar("DATABASE_URL")
    return Definitions(
        resources={
            "installation": InstallationResource(database_url=database_url, encryption_key=EnvVar("ENCRYPTION_KEY")),
            "warehouse": Warehouse(database_url=database_url),
            # dbt's own executable, beside this interpreter: the daemon's PATH may know another one, or none.
            "dbt": Dbt(
                project_dir=str(PROJECT_DIR),
                profiles_dir=str(PROJECT_DIR),
                dbt_executable=str(Path(sys.executable).with_name("dbt")),
                # Its debug log grows by 3 MB a run and repeats what the run's own log says.
                global_config_flags=["--log-level-file", "info"],
            ),
        }
    )
