"""Runs the dbt project in this process on one database, with the project parsed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pytest
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventLevel, EventMsg

from ingestion.control.database import split_url

PROJECT = Path(__file__).parents[2] / "dbt_project"


@dataclass
class Project:
    """The dbt project on one database; `environment` is how profiles.yml learns of it."""

    url: str
    folder: Path
    environment: pytest.MonkeyPatch
    manifest: Any = None

    @classmethod
    def parse(cls, url: str, folder: Path, environment: pytest.MonkeyPatch) -> Self:
        """Parse the project for the database of `url`; logs and artifacts go to `folder`."""
        project = cls(url, folder, environment)
        project.manifest = project.invoke("parse")
        return project

    @property
    def database(self) -> str:
        """Name of the database."""
        return split_url(self.url).dbname

    def run(self, as_of: datetime, *options: str) -> None:
        """Build the models as of a moment. Raises AssertionError with dbt's words when anything is amiss."""
        self.invoke("run", "--vars", f"as_of: '{as_of.isoformat()}'", *options)

    def build(self, as_of: datetime, *options: str) -> None:
        """Build the models and test them, as of a moment."""
        self.invoke("build", "--vars", f"as_of: '{as_of.isoformat()}'", *options)

    def invoke(self, command: str, *options: str) -> Any:
        """Run a dbt command and return its result; a warning is an error."""
        complaints: list[str] = []

        def listen(event: EventMsg) -> None:
            if event.info.level in (EventLevel.WARN, EventLevel.ERROR):
                complaints.append(str(event.info.msg))  # type: ignore[attr-defined]  # made from protobuf at run time

        self._point_at_database()
        result = dbtRunner(self.manifest, callbacks=[listen]).invoke([command, *self._places(), *options])
        assert result.success, "\n".join([*complaints, str(result.exception or "")])
        assert not complaints, "\n".join(complaints)
        return result.result

    def _point_at_database(self) -> None:
        parts = split_url(self.url)
        values = {
            "HOST": parts.host,
            "PORT": str(parts.port),
            "USER": parts.user,
            "PASSWORD": parts.password.reveal(),
            "NAME": parts.dbname,
        }
        for name, value in values.items():
            self.environment.setenv(f"SIXFB_DB_{name}", value)

    def _places(self) -> Sequence[str]:
        return (
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--log-level", "none"),
            *("--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")),
        )
