"""When each shop was last synced, as the cadences ask."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion.control import sync_operations
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.last_starts import LastStart, ShopHistory, last_starts
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=50)


class Shop:
    """A connected shop whose syncs a test makes up."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.id = insert_shop(url, name)

    def sync(
        self,
        sync_type: str,
        hours_ago: float,
        status: str = "success",
        run_id: str | None = None,
        blame: str = "account",
    ) -> None:
        """Write a sync that began some hours before `NOW`."""
        with connect(self.url, autocommit=True) as connection:
            operation = sync_operations.start(connection, get_integration(connection, self.id), sync_type, run_id)
            if status == "abandoned":
                sync_operations.close_abandoned(connection, self.id)
            elif status != "in_progress":
                errors = [{"error": "LockLost", "blame": blame}] if status == "failed" else []
                sync_operations.finish(connection, operation, status=status, errors=errors)  # type: ignore[arg-type]
            connection.execute(
                "update control.sync_operations set created_at = %(at)s, started_at = %(at)s,"
                " completed_at = case when completed_at is not null then %(at)s end where id = %(id)s",
                {"at": NOW - timedelta(hours=hours_ago), "id": operation.id},
            )

    def history(self) -> ShopHistory:
        """Return what the cadences see."""
        with connect(self.url) as connection:
            return last_starts(connection, since=SINCE)[self.id]


@pytest.fixture
def shop(database_url: str) -> Shop:
    return Shop(database_url, "shop")


def test_of_each_type_the_latest_counts(shop: Shop) -> None:
    for sync_type, hours_ago in (("full", 30), ("full", 10), ("incremental", 2), ("incremental", 3)):
        shop.sync(sync_type, hours_ago, run_id=f"{sync_type} {hours_ago}")
    assert shop.history() == ShopHistory(
        (
            LastStart("full", NOW - timedelta(hours=10), "full 10", is_running=False),
            LastStart("incremental", NOW - timedelta(hours=2), "incremental 2", is_running=False),
        ),
        was_read_whole=True,
    )


def test_a_failed_sync_was_started_and_an_abandoned_one_has_not_done_its_work(shop: Shop) -> None:
    shop.sync("incremental", 3, "failed")
    shop.sync("incremental", 2, "abandoned")
    assert [start.started_at for start in shop.history().starts] == [NOW - timedelta(hours=3)]


def test_a_sync_in_progress_is_told_with_its_run(shop: Shop) -> None:
    shop.sync("full", 0.1, "in_progress", run_id="r")
    assert shop.history() == ShopHistory((LastStart("full", NOW - timedelta(minutes=6), "r", is_running=True),), False)


def test_what_is_older_is_left_out_but_that_a_shop_was_once_read_whole_is_remembered(shop: Shop) -> None:
    shop.sync("full", 1_000)
    assert shop.history() == ShopHistory((), was_read_whole=True)


@pytest.mark.parametrize("status", ["failed", "abandoned", "in_progress"])
def test_a_full_sync_that_did_not_come_to_its_end_has_not_read_the_shop_whole(shop: Shop, status: str) -> None:
    shop.sync("full", 1, status)
    assert not shop.history().was_read_whole


def test_every_shop_has_its_own_history(shop: Shop) -> None:
    other = Shop(shop.url, "other")
    other.sync("full", 1, "partial")
    assert shop.history() == ShopHistory()
    assert other.history().was_read_whole


def test_a_sync_that_failed_of_something_of_ours_is_still_to_be_done(shop: Shop) -> None:
    shop.sync("full", 3, "failed", blame="ours")
    assert shop.history().starts == ()
