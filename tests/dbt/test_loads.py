"""Which rows of the log count, and when: only committed loads, newest by observation, each load once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dbt.raw_log import Shop, appointment, booking, customer, gone, service
from tests.dbt.warehouse import MARTS, Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOAH = ("731", "Noah Reyes")


def visit(shop: Shop, minutes_later: int = 0, **columns: Any) -> Any:
    """Return a version of appointment a1, over by AS_OF."""
    defaults: dict[str, Any] = {"starts_at": SEEN, "bookings": [booking("1", NOAH)]}
    return appointment(shop, "a1", SEEN + timedelta(minutes=minutes_later), **(defaults | columns))


def statuses(warehouse: Warehouse) -> list[tuple[str, str]]:
    return [(row["external_id"], row["status"]) for row in warehouse.mart("external_appointments")]


def test_rows_of_a_load_show_once_it_is_committed(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    versions = [visit(shop), customer(shop, "731", SEEN, "Noah Reyes"), service(shop, "13", SEEN, "Skin Fade", 38)]
    killed = log.load(versions, is_committed=False)
    log.load([customer(shop, "702", SEEN, "Theo Lang")])

    warehouse.project.run(AS_OF)
    before = {name: len(warehouse.mart(name)) for name in MARTS}
    log.commit(killed)
    warehouse.project.run(AS_OF)

    assert before == dict.fromkeys(MARTS, 0) | {"external_customers": 1}
    assert statuses(warehouse) == [("a1", "confirmed")]
    assert len(warehouse.mart("external_customers")) == 2


def test_a_load_that_was_marked_complete_twice_counts_once(warehouse: Warehouse) -> None:
    """dlt does that when it was killed between marking a load and noting that it did."""
    log, shop = warehouse.log, warehouse.log.add_shop()
    load = log.load(
        [visit(shop), customer(shop, "731", SEEN, "Noah Reyes"), service(shop, "13", SEEN, "Skin Fade", 38)]
    )
    log.commit(load)
    warehouse.project.run(AS_OF)

    assert statuses(warehouse) == [("a1", "confirmed")]
    assert [row["booking_count"] for row in warehouse.mart("external_services")] == [1]
    assert warehouse.rows("select count(*) as loads from staging.stg_trafft__loads") == [{"loads": 1}]


def test_an_older_observation_that_is_loaded_later_changes_only_when_it_was_first_seen(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load([visit(shop, status="canceled")])
    warehouse.project.run(AS_OF)
    log.load([visit(shop, minutes_later=-30)])
    warehouse.project.run(AS_OF)

    [row] = warehouse.mart("external_appointments")
    assert (row["status"], row["updated_at"]) == ("cancelled", SEEN)
    assert row["created_at"] == SEEN - timedelta(minutes=30)


def test_of_two_equally_old_observations_the_later_load_counts_whenever_it_arrives(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load([visit(shop, status="canceled")], load_id="1767300000.0000000")
    warehouse.project.run(AS_OF)
    log.load([visit(shop)], load_id="1767200000.0000000")
    warehouse.project.run(AS_OF)

    assert statuses(warehouse) == [("a1", "cancelled")]


def test_a_record_that_is_gone_and_comes_back_is_shown_again(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    shown = []
    for version in (visit(shop), gone(visit(shop), SEEN + timedelta(hours=1)), visit(shop, minutes_later=120)):
        log.load([version])
        warehouse.project.run(AS_OF)
        shown.append((len(warehouse.mart("external_appointments")), len(warehouse.mart("integration_analytics"))))

    assert shown == [(1, 3), (0, 0), (1, 3)]


def test_a_run_without_news_writes_nothing(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load([visit(shop), service(shop, "13", SEEN, "Skin Fade", 38)])
    warehouse.project.run(AS_OF)
    # xmin is the transaction that wrote the row: it stays unless the row is written again.
    written = [warehouse.rows(f"select xmin::text, id from analytics.{name}") for name in MARTS]
    warehouse.project.run(AS_OF + timedelta(minutes=30))

    assert [warehouse.rows(f"select xmin::text, id from analytics.{name}") for name in MARTS] == written


def test_time_moves_forward_and_looks_back_only_in_a_fresh_build(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load([visit(shop)])
    warehouse.project.run(AS_OF)

    with pytest.raises(AssertionError, match="give a later as_of, or look back with --full-refresh"):
        warehouse.project.run(SEEN)
    for unclear in ("2026-03-03T12:00:00", "2026-03-03"):
        with pytest.raises(AssertionError, match="without an offset from UTC"):
            warehouse.project.invoke("run", "--vars", f"as_of: '{unclear}'")
    warehouse.project.run(SEEN, "--full-refresh")

    assert {row["external_completed"] for row in warehouse.mart("integration_analytics")} == {0}


@pytest.mark.parametrize(("timezone", "is_known"), [("Mars/Olympus_Mons", True), ("America/New_York", False)])
def test_a_shop_without_a_usable_zone_counts_its_days_in_utc(
    warehouse: Warehouse, timezone: str, is_known: bool
) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop(timezone, is_known=is_known)
    log.load([visit(shop, starts_at=datetime(2026, 3, 1, 0, 30, tzinfo=UTC))])
    warehouse.project.run(AS_OF)

    [row] = warehouse.mart("external_appointments")
    assert (row["timezone"], row["scheduled_on"].isoformat()) == ("UTC", "2026-03-01")
    assert row["currency"] == ("USD" if is_known else None)
