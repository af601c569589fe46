"""What each benchmark measures, against what, and the figures to reach and then to beat."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One figure of a benchmark. `reach` and `beat` are the most it may be, or the least where `more_is_better`."""

    figure: str
    unit: str
    reach: float
    beat: float
    more_is_better: bool = False

    def verdict(self, median: float) -> str:
        """Say in a word how a median stands to the goal."""
        if self._meets(median, self.beat):
            return "beaten"
        return "reached" if self._meets(median, self.reach) else "missed"

    def limit(self, value: float) -> str:
        """Write a limit as `≤ 6 x`."""
        return f"{'≥' if self.more_is_better else '≤'} {value:g} {self.unit}"

    def _meets(self, median: float, limit: float) -> bool:
        return median >= limit if self.more_is_better else median <= limit


@dataclass(frozen=True)
class Benchmark:
    """One benchmark: its id, what is done, against what rival, and its figures."""

    id: str
    what: str
    rival: str
    goals: tuple[Goal, ...]


OF_LOADING = ("L1", "L2", "L4", "L5", "D1")
"""What `sixfb bench load` measures."""
OF_SYNCING = ("E1", "E2", "S1", "S2")
"""What `sixfb bench sync` measures."""

BENCHMARKS = {
    benchmark.id: benchmark
    for benchmark in (
        Benchmark(
            id="L1",
            what="First full sync: JSON pages in memory to the version log, with all promoted columns, payload, hash, "
            "change filter and dlt's state",
            rival="`psql \\copy` of the same rows, as CSV, into a plain table",
            goals=(Goal("wall time, times the rival's", "x", reach=6, beat=3),),
        ),
        Benchmark(
            id="L2",
            what="The same first full sync",
            rival="dlt's defaults on the same pages: dictionaries, nested tables, INSERT",
            goals=(Goal("times faster than the rival", "x", reach=6, beat=12, more_is_better=True),),
        ),
        Benchmark(
            id="L4",
            what="Memory of a first full sync, and how it grows with ten times the appointments",
            rival="none",
            goals=(
                Goal("peak RSS", "MB", reach=600, beat=400),
                Goal("peak RSS, ten times the rows", "MB", reach=600, beat=400),
                Goal("growth", "x", reach=1.3, beat=1.1),
            ),
        ),
        Benchmark(
            id="L5",
            what="Full sweep of an unchanged shop with ten times the appointments",
            rival="none",
            goals=(
                Goal("rows appended", "rows", reach=0, beat=0),
                Goal("client CPU a record", "µs", reach=60, beat=30),
            ),
        ),
        Benchmark(
            id="E1",
            what="Reading one shop at 80 ms a page within its limit of 10 requests a second, in a full sync",
            rival="the limit itself: the burst, and ten for each second from the first request to the last",
            goals=(Goal("share of the requests allowed", "%", reach=90, beat=97, more_is_better=True),),
        ),
        Benchmark(
            id="E2",
            what="Reading 16 shops at once at 80 ms a page, without limits, in a full sync: pages a second",
            rival="dlt's RESTClient, page after page of one shop",
            goals=(Goal("times the rival's pages a second", "x", reach=6, beat=12, more_is_better=True),),
        ),
        Benchmark(
            id="S1",
            what="Hourly incremental run over 100 shops in which nothing happened, as Dagster runs it",
            rival="none",
            goals=(Goal("client CPU a shop, over a run of one shop", "s", reach=0.25, beat=0.08),),
        ),
        Benchmark(
            id="S2",
            what="The same run from the start of its process to its first request",
            rival="none",
            goals=(Goal("client CPU", "s", reach=8, beat=4),),
        ),
        Benchmark(
            id="W3",
            what="From a stored webhook to the marts, in a running `sixfb up`, one event after the other",
            rival="none",
            goals=(
                Goal("in `external_appointments`, half of the events", "s", reach=20, beat=8),
                Goal("in `external_appointments`, 95 % of them", "s", reach=20, beat=8),
                Goal("in the day's `integration_analytics`, half of them", "s", reach=20, beat=8),
                Goal("in the day's `integration_analytics`, 95 % of them", "s", reach=20, beat=8),
            ),
        ),
        Benchmark(
            id="D1",
            what="`sixfb demo --once` in an empty home, from its start to its summary",
            rival="none",
            goals=(Goal("wall time", "s", reach=90, beat=45),),
        ),
    )
}
