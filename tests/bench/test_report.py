"""Results and the page made of them."""

from pathlib import Path

import pytest

from bench.goals import BENCHMARKS, Goal
from bench.report import page
from bench.results import Result, Run, keep_results, read_results

RUN = Run("product", 4.0, 3.0, 1.5, 0.1, 390.4, {"seconds": {"extract": 2.5, "load": 1.5}, "loads": 1})
L1 = Result("L1", ((2.5, 3.5, 2.75),), (RUN,), "sixfb bench load", "2026-11-22", "2 cores, 25 GB")
L5 = Result("L5", ((0.0,), (12.25,)), (), "sixfb bench load --only L5", "2026-11-23", "2 cores, 25 GB")


@pytest.mark.parametrize(
    ("median", "more_is_better", "verdict"),
    [
        (3.0, False, "beaten"),
        (3.1, False, "reached"),
        (6.0, False, "reached"),
        (6.1, False, "missed"),
        (12.0, True, "beaten"),
        (6.0, True, "reached"),
        (5.9, True, "missed"),
    ],
)
def test_a_median_is_judged_by_both_limits(median: float, more_is_better: bool, verdict: str) -> None:
    goal = Goal("ratio", "x", 6, 12 if more_is_better else 3, more_is_better=more_is_better)
    assert goal.verdict(median) == verdict


def test_results_survive_being_kept(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert read_results(path) == {}
    assert keep_results(path, {"L1": L1}) == {"L1": L1}
    assert read_results(path) == {"L1": L1}


def test_a_later_measurement_replaces_its_own_benchmark_only(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    keep_results(path, {"L1": L1, "L5": L5})
    later = Result("L5", ((0.0,), (9.0,)), (), "again", "2026-11-24", "4 cores")
    assert keep_results(path, {"L5": later}) == {"L1": L1, "L5": later}


def test_the_page_shows_medians_with_range_verdict_and_origin() -> None:
    text = page({"L1": L1, "L5": L5})
    assert "| ≤ 6 x | ≤ 3 x | 2.75 x [2.50, 3.50] | 3 | beaten |" in text
    assert "| ≤ 0 rows | ≤ 0 rows | 0 rows [0, 0] | 1 | beaten |" in text
    assert "| ≤ 60 µs | ≤ 30 µs | 12.25 µs [12.25, 12.25] | 1 | beaten |" in text
    assert "`sixfb bench load --only L5` on 2026-11-23, 2 cores, 25 GB" in text
    assert "| product | 4 | 3 | 1.50 | 0.10 | 390 | extract 2.50 s, load 1.50 s |" in text


def test_two_contenders_are_compared_by_cpu_too() -> None:
    rival = Run("psql", 1.0, 0.1, 1.4, 0.1, 0.0, {})
    text = page({"L1": Result("L1", ((4.0,),), (RUN, rival), "again", "2026-11-24", "4 cores")})
    assert "product takes 3 times what psql takes" in text


def test_every_goal_to_beat_is_at_least_as_hard_as_the_one_to_reach() -> None:
    for benchmark in BENCHMARKS.values():
        assert all(
            goal.verdict(goal.beat) == "beaten" and goal.verdict(goal.reach) != "missed" for goal in benchmark.goals
        )
