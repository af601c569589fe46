"""The words for how a shop is, case by case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cli.states import state_of
from ingestion.control.records import Barbershop, Integration, SyncOperation

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
SHOP = Integration(
    id="i",
    barbershop=Barbershop("b", "Old Pole", "Europe/London", "GBP"),
    provider="trafft",
    name="Old Pole",
    description=None,
    status="active",
    base_url="https://x.admin.trafft.com",
    webhook_url=None,
    sync_settings={},
    feature_flags={},
    authenticated_at=None,
    last_sync_at=None,
    last_error=None,
    created_at=NOW,
    updated_at=NOW,
)


def operation(status: Any, *, minutes_ago: float = 25, **fields: Any) -> SyncOperation:
    ended = None if status == "in_progress" else NOW - timedelta(minutes=minutes_ago)
    return replace(
        SyncOperation(
            id="s",
            integration_id="i",
            barbershop_id="b",
            sync_type="full",
            status=status,
            date_from=None,
            date_to=None,
            records_processed=0,
            records_success=0,
            records_failed=0,
            summary={},
            errors=[],
            run_id=None,
            started_at=NOW - timedelta(hours=1),
            completed_at=ended,
            duration_seconds=Decimal(1),
            created_at=NOW - timedelta(hours=1),
        ),
        **fields,
    )


def failed(error: str, message: str) -> SyncOperation:
    return operation("failed", errors=[{"error": error, "message": message}])


INCOMPLETE = {"appointments": {"quarantined": 3, "complete": False}, "customers": {"quarantined": 0, "complete": True}}

HTML = "Trafft sent a web page instead of data: this is not the API URL"

CASES = {
    "not synced yet": [],
    "syncing 3,200 of 12,480": [
        operation("in_progress", records_processed=3200),
        failed("Timeout", "x"),
        operation("success", records_processed=12480),
    ],
    "syncing 3,200": [operation("in_progress", records_processed=3200)],
    "syncing 12,500": [
        operation("in_progress", records_processed=12500),
        operation("success", records_processed=12480),
    ],
    "up to date as of 14:05 (Europe/London)": [operation("success")],
    "up to date as of 2026-11-21 23:30 (Europe/London)": [operation("success", minutes_ago=15 * 60)],
    "not synced since 2026-11-20 14:30 (Europe/London)": [operation("success", minutes_ago=2 * 24 * 60)],
    "synced in part as of 14:05 (Europe/London): 3 appointments unreadable, appointments not read whole": [
        operation("partial", summary={"resources": INCOMPLETE})
    ],
    "needs you: token rejected": [
        failed("AuthenticationFailed", "Trafft answered 401: Client authentication failed (POST /token). Copy ...")
    ],
    f"needs you: {HTML}": [
        failed(
            "UnexpectedResponse", "Trafft sent a web page instead of data: this is not the API URL (GET /x). Copy it."
        )
    ],
    "needs you: the stored credentials cannot be opened": [failed("BrokenSeal", "whatever")],
    "delayed: Trafft answered 429: Too Many Attempts": [
        failed("RateLimited", "Trafft answered 429: Too Many Attempts (GET /appointments). If this goes on, lower it.")
    ],
    "interrupted: the next sync carries on": [failed("Abandoned", "The process that ran this sync ended ...")],
    "failed: KeyError: 'oops'": [failed("KeyError", "'oops'")],
}


@pytest.mark.parametrize(("words", "operations"), CASES.items(), ids=CASES)
def test_the_state_is_told_in_exact_words(words: str, operations: list[SyncOperation]) -> None:
    assert state_of(SHOP, operations, NOW) == words


def test_a_shop_whose_account_is_left_alone_says_when_it_is_tried_again() -> None:
    down = [failed("ServerError", "Trafft answered 503: Server Error (GET /appointments). Nothing to do.")]
    words = "delayed: Trafft answered 503: Server Error; next try 15:00 (Europe/London)"
    assert state_of(SHOP, down, NOW, resting_until=NOW + timedelta(minutes=30)) == words


def test_a_disconnected_shop_says_so_whatever_came_before() -> None:
    assert state_of(replace(SHOP, status="disconnected"), [operation("success")], NOW) == "disconnected"


def test_imported_files_are_no_syncs_and_hide_none() -> None:
    imports = [operation("partial", sync_type="csv", summary={"resources": INCOMPLETE})] * 5
    assert state_of(SHOP, imports, NOW) == "not synced yet"
    assert state_of(SHOP, [*imports, operation("success")], NOW) == "up to date as of 14:05 (Europe/London)"
    synced = replace(SHOP, last_sync_at=NOW - timedelta(hours=1))
    assert state_of(synced, imports, NOW) == "last synced 13:30 (Europe/London)"
