"""The demo's report: when it is ok, and what people see of it."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from cli.checks import CheckCounts, Failure
from cli.demo_report import DemoReport, money
from cli.runs import JobRun
from cli.summary import ShopSummary, SyncSummary, Totals
from tests.cli.test_states import NOW, SHOP

COUNTS = {"seen": 1200, "new": 3, "changed": 2, "gone": 1, "quarantined": 0, "complete": True, "note": None}
TOTALS = Totals(
    appointments=1300,
    customers=90,
    revenue=Decimal("21055.500"),
    visits=612,
    new_clients=112,
    returning_clients=68,
    as_of=NOW,
)
GOOD = DemoReport(
    as_of=datetime(2026, 11, 22, 12, tzinfo=UTC),
    shops=[ShopSummary(SHOP, SyncSummary("success", {"appointments": COUNTS}, []), TOTALS)],
    checks=CheckCounts(142, 0, 0, ()),
    runs=[JobRun("full_sync", "r1", "SUCCESS", 3.2)],
    phases={"database": 0.5, "runs": 12.25},
    simulator={"seed": 7},
)


def shop(sync: SyncSummary) -> list[ShopSummary]:
    return [replace(GOOD.shops[0], sync=sync)]


def seen(report: DemoReport) -> str:
    console = Console(file=io.StringIO(), width=100)
    report.show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_all_good_is_ok() -> None:
    assert GOOD.is_ok
    assert GOOD.document("http://127.0.0.1:3000")["ok"]


@pytest.mark.parametrize(
    "flaw",
    [
        {"runs": [JobRun("full_sync", "r1", "FAILURE", 3.2)]},
        {"checks": CheckCounts(141, 1, 0, (Failure("analytics/x", "unique_x", "error"),))},
        {"shops": shop(SyncSummary("partial", {"appointments": COUNTS}, []))},
        {"shops": shop(SyncSummary("success", {"appointments": {**COUNTS, "complete": False}}, []))},
        {"shops": shop(SyncSummary("not synced", {}, ["The run ended before it came to this shop."]))},
        {"shops": []},
    ],
)
def test_any_flaw_is_not_ok(flaw: dict[str, object]) -> None:
    assert not replace(GOOD, **flaw).is_ok  # type: ignore[arg-type]


def test_a_warning_is_shown_and_ok() -> None:
    warned = replace(GOOD, checks=CheckCounts(141, 0, 1, (Failure("analytics/x", "prices_known", "warning"),)))
    assert warned.is_ok
    assert "Checks: 141 passed, 1 warned\n  warning: prices_known of analytics/x" in seen(warned)


def test_people_see_counts_figures_and_seconds() -> None:
    text = seen(GOOD)
    for figure in ("1,200", "21,055.50 GBP", "34.40", "112", "68", "12.2", "142 passed", "2026-11-22 12:00 UTC"):
        assert figure in text


def test_a_failure_is_shown_with_its_reason_and_the_unreached_are_only_counted() -> None:
    unreached = tuple(Failure("analytics/x", f"check_{number}", "not evaluated") for number in range(100))
    broken = replace(
        GOOD,
        shops=shop(SyncSummary("failed", {}, ["Trafft answered 401. Copy the credentials again."])),
        checks=CheckCounts(0, 101, 0, (Failure("analytics/x", "unique_x", "error"), *unreached)),
        runs=[JobRun("full_sync", "r1", "FAILURE", 3.2)],
    )
    text = seen(broken)
    assert "Old Pole: Trafft answered 401. Copy the credentials again." in text
    assert "full_sync ended as FAILURE; what it says is in logs/run.log" in text
    assert "Checks: 1 failed, 100 not reached\n  error: unique_x of analytics/x" in text
    assert "check_7" not in text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("21055.500", "21055.50"), ("0", "0.00"), ("1.255", "1.255"), ("1E+3", "1000.00"), (None, None)],
)
def test_money_is_written_out_in_full(amount: str | None, text: str | None) -> None:
    assert money(None if amount is None else Decimal(amount)) == text
