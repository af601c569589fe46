"""`sixfb bench sync` as a whole, on small lists and few shops."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import cli, many_shops, quiet_shops
from bench.results import Result, read_results

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bench")]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where results are kept instead of in the checkout."""
    monkeypatch.setattr(cli, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(cli, "PAGE", tmp_path / "benchmarks.md")
    return tmp_path / "results.json"


def measure(results: Path, only: str) -> dict[str, Result]:
    arguments = ["sync", "--runs", "1", "--only", only, "--write"]
    done = CliRunner().invoke(cli.bench, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return read_results(results)


def test_reading_is_measured_by_what_the_booking_system_was_asked(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_shops, "APPOINTMENTS", {"E1": 500, "E2": 300})
    monkeypatch.setattr(many_shops, "SHOPS", 2)
    monkeypatch.setattr(many_shops, "RIVALS_PAGES", 3)
    kept = measure(results, "E1,E2")
    [share] = kept["E1"].figures[0]
    assert 0 < share <= 100
    assert [run.contender for run in kept["E2"].runs] == ["2 shops", "rest_client"]
    product, rival = kept["E2"].runs
    assert product.details["ended"] == {"success": 2}
    assert (rival.details["requests"], rival.details["records"]) == (3, 300)
    # Each page takes 80 ms, and the rival reads one at a time.
    assert rival.details["pages/s"] < 1 / many_shops.LATENCY


def test_a_quiet_hour_is_measured_from_its_process_start(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet_shops, "SHOPS", 3)
    kept = measure(results, "S1,S2")
    assert [run.contender for run in kept["S1"].runs] == [quiet_shops.HUNDRED, quiet_shops.ONE]
    [fixed] = kept["S2"].figures[0]
    assert 0.5 < fixed < kept["S1"].runs[0].client
