"""Suite files: what they may say, and that those we have are complete."""

from pathlib import Path

import pytest
import yaml

from ingestion.loading import RawTables
from ingestion.systems import SYSTEMS
from pipelines.quality.suites import SUITES, InvalidSuite, load_suite

NAMES = sorted(path.stem for path in SUITES.glob("*.yaml"))
PERSONAL = ("name", "email", "phone", "note", "birthday", "payload", "reason", "address")


@pytest.mark.parametrize("name", NAMES)
def test_every_suite_can_be_read(name: str) -> None:
    assert load_suite(name).expectations


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_of_a_failing_row_is_nobody_s_business_but_ids(name: str) -> None:
    shown = [load_suite(name).columns[column] for column in load_suite(name).sample]
    assert not [sql for sql in shown if any(word in sql for word in PERSONAL)]


def test_every_raw_table_has_a_suite() -> None:
    for each in SYSTEMS.values():
        for table in RawTables(each.name, each.resources).schemas:
            assert f"raw_{table}" in NAMES


def test_the_suite_of_every_list_holds_what_all_versions_promise() -> None:
    promises = load_suite("raw_version").expectations
    for each in SYSTEMS.values():
        for resource in each.resources:
            assert load_suite(f"raw_{resource.name}").expectations[: len(promises)] == promises


EXPECTATION = {
    "type": "expect_column_values_to_not_be_null",
    "kwargs": {"column": "a"},
    "severity": "critical",
    "because": "Readers cannot do without it.",
}
SUITE = {"description": "A table for a test.", "columns": {"a": "a"}, "sample": ["a"], "expectations": [EXPECTATION]}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sample": ["b"]}, "b are used but not defined"),
        ({"columns": {}}, "a are used but not defined"),
        ({"owner": "me"}, "owner"),
        ({"description": "?"}, "description"),
        ({"expectations": [EXPECTATION | {"severity": "bad"}]}, "severity"),
        ({"expectations": [EXPECTATION | {"type": "rows_are_fine"}]}, "type"),
        ({"expectations": [EXPECTATION | {"because": ""}]}, "because"),
    ],
)
def test_a_mistake_in_a_suite_is_refused_by_name(
    change: dict[str, object], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.quality.suites.SUITES", tmp_path)
    (tmp_path / "mistaken.yaml").write_text(yaml.safe_dump(SUITE | change), encoding="utf-8")
    with pytest.raises(InvalidSuite, match=complaint) as refusal:
        load_suite("mistaken")
    assert "mistaken.yaml" in str(refusal.value)


def test_a_suite_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidSuite, match=r"raw_beards\.yaml"):
        load_suite("raw_beards")
