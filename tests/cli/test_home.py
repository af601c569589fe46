"""The home: created closed to others, and refused with a reason when it cannot be used."""

from pathlib import Path

import pytest

from cli.errors import HomeUnusable
from cli.home import Home


def test_a_new_home_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "deep" / "home")
    folders = [home.root, home.dagster, home.dlt, home.dbt, home.logs, home.supervisors]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_folder_that_was_there_before_keeps_its_mode_and_what_we_add_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    home = Home.at(tmp_path)
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777
    assert home.dlt.stat().st_mode & 0o777 == 0o700


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.at(Path(".sixfb")).root == tmp_path / ".sixfb"


def test_a_file_in_the_homes_place_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(HomeUnusable, match=r"home cannot be used: .*Set SIXFB_HOME"):
        Home.at(tmp_path / "home")


def test_a_home_of_our_making_keeps_itself_out_of_git(tmp_path: Path) -> None:
    Home.at(tmp_path / "home")
    assert (tmp_path / "home" / ".gitignore").read_text() == "*\n"


def test_a_folder_that_was_there_before_stays_visible_to_git(tmp_path: Path) -> None:
    Home.at(tmp_path)
    assert not (tmp_path / ".gitignore").exists()
