"""The `sixfb` command as a test calls it: its own home, a fresh migrated database, settings from nowhere else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.home import Home
from cli.main import main
from ingestion.settings import get_settings

KEY_RING = "k1:" + "A" * 43 + "="


@dataclass(frozen=True)
class Sixfb:
    """Calls commands in this process."""

    home: Home
    database_url: str

    def __call__(self, *arguments: str, **environment: str | None) -> Result:
        get_settings.cache_clear()
        return CliRunner(env=environment).invoke(main, list(arguments), catch_exceptions=False)

    def json(self, *arguments: str, **environment: str | None) -> Any:
        """Call a command that must succeed, and return the document that it prints."""
        result = self(*arguments, **environment)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path / "home")


@pytest.fixture
def sixfb(home: Home, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sixfb]:
    monkeypatch.chdir(tmp_path)  # no .env of the checkout
    settings = {
        "SIXFB_HOME": str(home.root),
        "DATABASE_URL": database_url,
        "ENCRYPTION_KEY": KEY_RING,
        "ALLOW_LOOPBACK": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield Sixfb(home, database_url)
    get_settings.cache_clear()
