"""W3's figures from the latencies of its events."""

from bench.goals import BENCHMARKS
from bench.webhook import Latency, figures


def test_the_figures_are_half_of_the_events_and_nearly_all() -> None:
    details = figures([Latency(shown=float(second), counted=second + 0.5) for second in range(1, 42)])
    assert (details["shown p50"], details["shown p95"], details["shown max"]) == (21, 39, 41)
    assert (details["counted p50"], details["counted p95"]) == (21.5, 39.5)
    assert [goal.verdict(details["shown p95"]) for goal in BENCHMARKS["W3"].goals][:1] == ["missed"]
