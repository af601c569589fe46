"""`sixfb bench load` as a whole, on a few hundred appointments."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import cli
from bench.account import write_records
from bench.appointments import Shop
from bench.contenders.order import Order, ask
from bench.contents import LOG, require_same
from bench.errors import ContenderFailed, ContentsDiffer
from bench.results import read_results
from bench.server import bench_server, psql

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bench")]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that results and page are written to instead of the checkout."""
    monkeypatch.setattr(cli, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(cli, "PAGE", tmp_path / "benchmarks.md")
    return tmp_path


def measure(*arguments: str) -> None:
    done = CliRunner().invoke(cli.bench, ["load", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_contenders_take_turns_and_the_page_says_how_it_was_made(kept: Path) -> None:
    measure("--rows", "300", "--runs", "2", "--only", "L1", "--write")
    result = read_results(kept / "results.json")["L1"]
    assert [run.contender for run in result.runs] == ["product", "psql"] * 2
    assert [len(ratios) for ratios in result.figures] == [2]
    text = (kept / "benchmarks.md").read_text()
    assert "`sixfb bench load --rows 300 --runs 2 --only L1 --seed 7` on " in text
    assert str(kept) not in text


def test_every_load_does_what_it_is_measured_for(kept: Path) -> None:
    measure("--rows", "100", "--runs", "1", "--only", "L2,L4,L5", "--write")
    results = read_results(kept / "results.json")
    assert [run.contender for run in results["L2"].runs] == ["product", "plain_dlt"]
    assert [run.details["counts"]["new"] for run in results["L4"].runs] == [100, 1_000]
    assert [run.details["counts"]["seen"] for run in results["L5"].runs] == [1_000]
    assert results["L5"].figures[0] == (0,)
    assert all(run.details["is_complete"] for run in (*results["L4"].runs, *results["L5"].runs))


def test_loads_that_differ_are_refused_and_failures_told(tmp_path: Path, short_folder: Path) -> None:
    records = write_records(Shop(1, 200), tmp_path / "records.jsonl")
    with bench_server(short_folder / "bench") as server, server.database("differing") as url:
        order = Order(url, server.pid, str(records), str(tmp_path / "dlt"))
        assert ask("product", order).details["is_complete"]
        psql(url, [f"create table copied as {LOG}", "update copied set note = note || '.' where external_id = '7'"])
        with pytest.raises(ContentsDiffer, match="200 rows with checksum"):
            require_same(url, "The version log and its copy", LOG, "select * from copied")
        with pytest.raises(ContenderFailed, match='"nowhere" does not exist'):
            psql(url, ["select * from nowhere"])
        with pytest.raises(ContenderFailed, match=r"(?s)ended with status 1.*nothing\.jsonl"):
            ask("product", Order(url, server.pid, str(tmp_path / "nothing.jsonl"), str(tmp_path / "dlt")))


@pytest.mark.parametrize("only", ["L1,L9", ","])
def test_an_unknown_benchmark_is_refused_before_anything_starts(only: str) -> None:
    done = CliRunner().invoke(cli.bench, ["load", "--only", only])
    assert done.exit_code == 2
    assert "is none of L1, L2, L4, L5, D1" in done.output
