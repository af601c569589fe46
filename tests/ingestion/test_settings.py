"""The settings of an installation, and the file that shows them to people."""

import re
from pathlib import Path

from ingestion.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_the_example_names_every_setting_and_nothing_else() -> None:
    named = re.findall(r"^#? ?([A-Z][A-Z_]*)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_as_it_stands_is_the_defaults() -> None:
    given = Settings(_env_file=EXAMPLE)
    assert given == Settings(_env_file=None)
