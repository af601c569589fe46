"""Running the demo as a person does, in a home of its own, and looking into its database afterwards."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from psycopg import Connection

from cli.embedded_postgres import embedded_postgres
from cli.environment import inherited
from cli.main import main
from cli.programs import program
from ingestion.control.database import connect
from ingestion.settings import get_settings


@dataclass(frozen=True)
class DemoHome:
    """A home in which demos run; `folder` is where the person stands."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "home"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a demo, with both outputs piped."""
        return subprocess.Popen(
            program("sixfb", "demo", *arguments),
            cwd=self.folder,
            env={**inherited(), **self._settings()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def once(self, *arguments: str) -> Any:
        """Run a demo to its end, which must be a good one, and return its document."""
        with self.start("--once", "--json", *arguments) as process:
            stdout, stderr = process.communicate(timeout=280)
        assert process.returncode == 0, f"{stdout}\n{stderr}\n{self.complaints()}"
        return json.loads(stdout)

    def once_here(self, *arguments: str) -> Any:
        """Do the same in this very process, where a debugger and the coverage can follow."""
        get_settings.cache_clear()
        try:
            result = CliRunner(env=self._settings()).invoke(main, ["demo", "--once", "--json", *arguments])
        finally:
            get_settings.cache_clear()
        assert result.exit_code == 0, f"{result.output}\n{self.complaints()}"
        return json.loads(result.stdout)

    def _settings(self) -> dict[str, str]:
        return {"SIXFB_HOME": str(self.root), "DATABASE_URL": "", "ENCRYPTION_KEY": ""}

    def complaints(self) -> str:
        """Return the end of what the run said, for a failure's message."""
        log = self.root / "logs" / "run.log"
        return "\n".join(log.read_text().splitlines()[-40:]) if log.exists() else "(no run.log)"

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """Open the home's database."""
        with embedded_postgres(self.root) as server, connect(server.url) as connection:
            yield connection
