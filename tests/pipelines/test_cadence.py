"""Which shops are due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion.control.last_starts import LastStart, ShopHistory
from ingestion.control.records import Integration
from pipelines.cadence import (
    MOST_LAUNCHES,
    SHOPS_A_RUN,
    Situation,
    SyncRun,
    Transform,
    analytics_slot,
    due,
    is_transform_due,
    live_slot,
    shards,
)
from pipelines.slots import Cadence
from tests.pipelines.shops import integration

FIVE_MINUTES = timedelta(minutes=5)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shop(key: str = "one", **settings: Any) -> Integration:
    """Return a shop in UTC."""
    return integration(key, timezone="UTC", settings=settings)


def start(sync_type: str, at: str, run_id: str | None = None, *, is_running: bool = False) -> LastStart:
    return LastStart(sync_type, utc(at), run_id, is_running)


def run(sync_type: str, *, run_id: str = "r", shops: Sequence[str] = ("one",), under_way: bool = True) -> SyncRun:
    return SyncRun(run_id, sync_type, shops, under_way)


def launch(cadence: str, tick: str, number: int = 0) -> SyncRun:
    """Return a run that a cadence launched for the shop and that is over."""
    return SyncRun(f"launched at {tick}, {number}", cadence, ("one",), False, cadence, utc(tick))


def is_due(
    cadence: Cadence,
    now: str,
    *starts: LastStart,
    shop: Integration = shop(),  # noqa: B008 -- frozen
    runs: Sequence[SyncRun] = (),
    was_read_whole: bool = True,
    resting: Sequence[str] = (),
) -> bool:
    situation = Situation({shop.id: ShopHistory(starts, was_read_whole)}, runs, resting)
    return due(cadence, [shop], utc(now), situation) == [shop]


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        (integration("active"), True),
        (integration("failed last time", "error"), True),
        (integration("never authenticated", "pending"), False),
        (integration("disconnected", "disconnected"), False),
        (integration("paused", settings={"autoSync": False}), False),
        (integration("without settings", settings={}), True),
        (integration("with settings that cannot be meant", settings={"fullAt": 99}), True),
        (integration("paused, the rest cannot be meant", settings={"autoSync": False, "fullAt": 99}), False),
    ],
    ids=lambda value: value.name if isinstance(value, Integration) else str(value),
)
@pytest.mark.parametrize("cadence", ["full", "incremental", "customers"])
def test_a_shop_is_due_when_it_is_connected_and_not_paused(cadence: Cadence, shop: Integration, expected: bool) -> None:
    assert bool(due(cadence, [shop], utc("2026-03-02 15:00"), Situation())) == expected


def test_the_order_of_the_shops_is_kept() -> None:
    shops = [shop("b"), shop("a"), shop("c")]
    assert due("incremental", shops, utc("2026-03-02 15:00"), Situation()) == shops


@pytest.mark.parametrize(
    ("cadence", "starts", "expected"),
    [
        ("incremental", [], True),
        ("incremental", [start("incremental", "2026-03-02 10:00")], False),
        ("incremental", [start("incremental", "2026-03-02 09:59")], True),
        ("incremental", [start("full", "2026-03-02 10:01")], False),
        ("incremental", [start("customers", "2026-03-02 10:01")], True),
        ("incremental", [start("backfill", "2026-03-02 10:01")], True),
        ("full", [start("full", "2026-03-02 02:00")], False),
        ("full", [start("incremental", "2026-03-02 10:01")], True),
        ("customers", [start("customers", "2026-03-02 09:00")], False),
        ("customers", [start("full", "2026-03-02 09:30")], False),
        ("customers", [start("full", "2026-03-02 08:59")], True),
        ("customers", [start("incremental", "2026-03-02 10:01")], True),
    ],
)
def test_a_slot_is_answered_by_a_sync_that_covers_it_and_began_after_it(
    cadence: Cadence, starts: list[LastStart], expected: bool
) -> None:
    assert is_due(cadence, "2026-03-02 10:05", *starts) == expected


def test_each_shop_has_its_own_hours() -> None:
    zones = ["America/New_York", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu"]
    shops = [integration(zone, timezone=zone) for zone in zones]
    whole = {one.id: ShopHistory(was_read_whole=True) for one in shops}

    def names(now: str, cadence: Cadence = "full") -> list[str]:
        situation = Situation(whole)
        return [one.id for one in due(cadence, shops, utc(now), situation)]

    assert names("2026-01-15 07:00") == ["America/New_York", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu"]
    assert names("2026-01-15 06:55") == ["Europe/London", "Asia/Kolkata", "Asia/Kathmandu"]
    assert names("2026-01-14 20:25") == ["Asia/Kathmandu"]
    assert names("2026-01-14 20:10") == []


@pytest.mark.parametrize(
    ("cadence", "now", "expected"),
    [
        ("full", "2026-03-02 13:55", True),
        ("full", "2026-03-02 14:05", False),
        ("incremental", "2026-03-02 23:05", True),
        ("incremental", "2026-03-03 07:55", True),
        ("customers", "2026-03-03 05:05", False),
    ],
)
def test_a_slot_that_is_half_a_day_old_is_let_go(cadence: Cadence, now: str, expected: bool) -> None:
    assert is_due(cadence, now) == expected


def ticks(first: str, last: str) -> list[datetime]:
    moments = [utc(first)]
    while moments[-1] < utc(last):
        moments.append(moments[-1] + FIVE_MINUTES)
    return moments


def synced_at(cadence: Cadence, moments: Sequence[datetime], begin: str) -> list[datetime]:
    """Return the ticks that find the shop due, when each sync is over before the next tick."""
    history, found = ShopHistory((start(cadence, begin),), was_read_whole=True), []
    for now in moments:
        if due(cadence, [shop()], now, Situation({"one": history})):
            found.append(now)
            history = ShopHistory((LastStart(cadence, now + timedelta(seconds=4), None, False),), was_read_whole=True)
    return found


def test_a_day_has_one_full_thirteen_hourly_and_two_customer_syncs() -> None:
    day = ticks("2026-03-02 00:00", "2026-03-02 23:55")
    assert synced_at("full", day, "2026-03-01 02:00") == [utc("2026-03-02 02:00")]
    assert synced_at("incremental", day, "2026-03-01 20:00") == [utc(f"2026-03-02 {h:02}:00") for h in range(8, 21)]
    assert synced_at("customers", day, "2026-03-01 17:00") == [utc("2026-03-02 09:00"), utc("2026-03-02 17:00")]


@pytest.mark.parametrize(
    ("cadence", "down", "up", "expected"),
    [
        # Three hours: once, not three times.
        ("incremental", "2026-03-02 10:05", "2026-03-02 13:10", ["13:10", "14:00"]),
        ("full", "2026-03-02 01:00", "2026-03-02 04:00", ["04:00"]),
        ("customers", "2026-03-02 08:00", "2026-03-02 11:00", ["11:00"]),
        # A day and an hour.
        ("incremental", "2026-03-01 12:05", "2026-03-02 13:10", ["13:10", "14:00"]),
        ("full", "2026-03-01 02:05", "2026-03-02 03:05", ["03:05"]),
        ("full", "2026-03-01 13:00", "2026-03-02 14:00", ["14:00"]),
        ("full", "2026-03-01 13:05", "2026-03-02 14:05", []),
    ],
)
def test_after_a_time_without_a_daemon_a_shop_is_caught_up_once(
    cadence: Cadence, down: str, up: str, expected: list[str]
) -> None:
    rest = ticks(up, "2026-03-02 14:05")
    assert synced_at(cadence, rest, down) == [utc(f"2026-03-02 {time}") for time in expected]


def test_a_clock_that_is_set_back_an_hour_neither_misses_nor_repeats_a_slot() -> None:
    before, after = ticks("2026-03-02 08:00", "2026-03-02 11:30"), ticks("2026-03-02 10:35", "2026-03-02 14:55")
    hours = [utc(f"2026-03-02 {hour:02}:00") for hour in range(8, 15)]
    assert synced_at("incremental", [*before, *after], "2026-03-02 07:00") == hours


def test_a_clock_that_is_set_forward_an_hour_skips_to_the_hour_that_it_shows() -> None:
    before, after = ticks("2026-03-02 08:00", "2026-03-02 10:30"), ticks("2026-03-02 11:35", "2026-03-02 12:55")
    synced = synced_at("incremental", [*before, *after], "2026-03-02 07:00")
    assert synced[2:] == [utc("2026-03-02 10:00"), utc("2026-03-02 11:35"), utc("2026-03-02 12:00")]


@pytest.mark.parametrize(
    ("cadence", "runs", "expected"),
    [
        ("incremental", [run("incremental")], False),
        ("incremental", [run("full")], False),
        ("full", [run("full")], False),
        ("full", [run("incremental")], True),
        ("customers", [run("incremental")], True),
        ("incremental", [run("incremental", shops=["another"])], True),
        ("incremental", [run("incremental", under_way=False)], True),
    ],
)
def test_a_run_on_its_way_to_the_shop_is_waited_for(cadence: Cadence, runs: list[SyncRun], expected: bool) -> None:
    assert is_due(cadence, "2026-03-02 10:05", runs=runs) == expected


def test_a_run_that_has_passed_the_shop_does_not_keep_it_from_its_next_slot() -> None:
    passed = start("full", "2026-03-02 09:30", "r")
    assert is_due("incremental", "2026-03-02 10:05", passed, runs=[run("full")])


def test_a_shop_that_is_being_synced_is_left_alone_until_that_is_over() -> None:
    under_way = start("full", "2026-03-02 09:30", "r", is_running=True)
    assert not is_due("incremental", "2026-03-02 10:05", under_way, runs=[run("full")])
    assert is_due("incremental", "2026-03-02 10:10", replace(under_way, is_running=False))


def test_a_sync_whose_run_has_died_counts_for_nothing() -> None:
    died = start("incremental", "2026-03-02 10:01", "r", is_running=True)
    assert is_due("incremental", "2026-03-02 10:05", died, runs=[run("incremental", under_way=False)])
    assert not is_due("incremental", "2026-03-02 10:05", replace(died, run_id=None))


def test_a_slot_is_launched_for_three_times_at_most_and_the_next_anew() -> None:
    crashes = [launch("incremental", f"2026-03-02 10:{5 * number:02}") for number in range(MOST_LAUNCHES)]
    assert is_due("incremental", "2026-03-02 10:10", runs=crashes[:2])
    assert not is_due("incremental", "2026-03-02 10:15", runs=crashes)
    assert is_due("incremental", "2026-03-02 11:00", runs=crashes)
    assert is_due("full", "2026-03-02 10:15", runs=crashes)


def test_a_shop_whose_circuit_is_open_is_left_alone() -> None:
    assert not is_due("incremental", "2026-03-02 10:05", resting=["one"])


@pytest.mark.parametrize("cadence", ["full", "incremental", "customers"])
def test_what_struck_before_a_shop_was_connected_or_resumed_is_not_made_up_for(cadence: Cadence) -> None:
    connected = integration("one", timezone="UTC", authenticated_at=utc("2026-03-02 09:30"))
    resumed = shop(resumedAt="2026-03-02T09:30:00+00:00")
    for one in (connected, resumed):
        assert not is_due(cadence, "2026-03-02 09:55", shop=one)
        assert is_due(cadence, "2026-03-03 09:00", shop=one)


def test_a_new_shop_is_read_whole_soon_unless_whoever_connected_it_does_so() -> None:
    new = integration("one", timezone="UTC", authenticated_at=utc("2026-03-02 15:30"))
    assert not is_due("full", "2026-03-02 15:35", shop=new, was_read_whole=False)
    assert is_due("full", "2026-03-02 15:40", shop=new, was_read_whole=False)
    failed = start("full", "2026-03-02 15:40")
    assert not is_due("full", "2026-03-02 15:45", failed, shop=new, was_read_whole=False)
    assert is_due("full", "2026-03-03 02:00", failed, shop=new, was_read_whole=False)


def test_a_cadence_that_is_switched_off_is_never_due() -> None:
    quiet = shop(syncInterval="off", customersAt=[])
    for cadence in ("incremental", "customers"):
        assert not is_due(cadence, "2026-03-02 10:05", shop=quiet)
    assert is_due("full", "2026-03-02 10:05", shop=quiet)


def test_a_shard_holds_neighbours_in_time_and_never_more_than_a_run_may_take() -> None:
    zones = ["America/New_York", "Asia/Kolkata", "Canada/Eastern", "America/Anchorage", "Mars/Olympus_Mons"]
    shops = [integration(f"{number:03}", timezone=zones[number % 5]) for number in range(5 * SHOPS_A_RUN)]
    shard_of = shards(shops)
    members = [[one for one in shops if shard_of[one.id] == shard] for shard in range(5)]
    assert [len(shard) for shard in members] == [SHOPS_A_RUN] * 5
    assert {one.timezone for shard in members[1:3] for one in shard} == {"America/New_York", "Canada/Eastern"}
    assert shards(reversed(shops)) == shard_of


def test_a_shop_that_joins_a_zone_goes_behind_the_others() -> None:
    shops = [replace(shop(f"{number:02}"), created_at=utc("2026-01-01 00:00")) for number in range(SHOPS_A_RUN)]
    before = shards(shops)
    after = shards([replace(shop("00 is new"), created_at=utc("2026-02-01 00:00")), *shops])
    assert {key: after[key] for key in before} == before


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02 07:59", None),
        ("2026-03-02 08:00", "2026-03-02 08:00"),
        ("2026-03-02 13:40", "2026-03-02 13:30"),
        ("2026-03-02 20:59", "2026-03-02 20:30"),
        ("2026-03-02 21:05", None),
    ],
)
def test_analytics_follows_the_half_hours_of_business(now: str, expected: str | None) -> None:
    assert analytics_slot([shop()], utc(now)) == (expected and utc(expected))


def test_analytics_asks_all_shops_that_are_synced() -> None:
    kathmandu = integration("kathmandu", timezone="Asia/Kathmandu")
    assert analytics_slot([shop(), kathmandu], utc("2026-03-02 10:20")) == utc("2026-03-02 10:15")
    assert analytics_slot([shop(), kathmandu], utc("2026-03-02 10:30")) == utc("2026-03-02 10:30")
    assert analytics_slot([shop(autoSync=False)], utc("2026-03-02 10:30")) is None
    assert analytics_slot([], utc("2026-03-02 10:30")) is None


def transform(started: str | None, *, under_way: bool = False, success: bool = True, tick: str = "") -> Transform:
    return Transform((started and utc(started)) or None, under_way, success, utc(tick) if tick else None)


@pytest.mark.parametrize(
    ("transforms", "expected"),
    [
        ([], True),
        ([transform("2026-03-02 10:31")], False),
        ([transform("2026-03-02 10:29")], True),
        ([transform(None, under_way=True, success=False)], False),
        ([transform("2026-03-02 10:31", success=False, tick="2026-03-02 10:30")], True),
        ([transform("2026-03-02 10:31", success=False, tick="2026-03-02 10:30")] * 3, False),
        ([transform("2026-03-02 10:01", success=False, tick="2026-03-02 10:00")] * 3, True),
        ([transform("2026-03-02 10:31", success=False)] * 3, True),
    ],
)
def test_a_half_hour_is_answered_by_one_run_that_began_after_it(transforms: list[Transform], expected: bool) -> None:
    assert is_transform_due(utc("2026-03-02 10:30"), transforms) == expected


def test_a_slot_is_live_from_the_second_it_strikes() -> None:
    assert live_slot("full", shop(), utc("2026-03-02 02:00")) == utc("2026-03-02 02:00")
