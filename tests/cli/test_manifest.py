"""The dbt manifest is made when the project's files change, and only then."""

from pathlib import Path

import pytest

from cli import manifest
from cli.home import Home


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dbt_project"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "a.sql").write_text("select 1")
    monkeypatch.setattr(manifest, "PROJECT", folder)
    return folder


def test_any_change_of_a_source_makes_the_manifest_old(project: Path) -> None:
    seen = {manifest.digest()}
    (project / "models" / "a.sql").write_text("select 2")
    seen.add(manifest.digest())
    (project / "models" / "a.sql").rename(project / "models" / "b.sql")
    seen.add(manifest.digest())
    (project / "models" / "c.yml").write_text("")
    seen.add(manifest.digest())
    assert len(seen) == 4


def test_what_dbt_itself_writes_changes_nothing(project: Path) -> None:
    before = manifest.digest()
    (project / "target").mkdir()
    (project / "target" / "manifest.json").write_text("{}")
    (project / "logs").mkdir()
    (project / "logs" / "dbt.log").write_text("x")
    assert manifest.digest() == before


def test_a_manifest_is_fresh_when_it_was_made_from_these_files(project: Path, home: Home) -> None:
    wanted = manifest.digest()
    assert not manifest.is_fresh(home, wanted)
    manifest.manifest_path(home).parent.mkdir()
    manifest.manifest_path(home).write_text("{}")
    manifest.note(home, wanted)
    assert manifest.is_fresh(home, wanted)
    assert not manifest.is_fresh(home, "another")
    manifest.manifest_path(home).unlink()
    assert not manifest.is_fresh(home, wanted)
