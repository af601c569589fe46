"""How single values are written in each mode; the truth behind them stays the same."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


def account_in(zone: str, clock: Clock, **modes: Any) -> Account:
    shop = Shop.generate(seed=5, clock=clock, appointments=300, timezone=zone, modes=Modes(**modes))
    return Account(shop, Simulator([shop], clock=clock)).log_in()


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns"])
def test_naive_times_are_the_shops_wall_clock(clock: Clock, zone: str) -> None:
    account = account_in(zone, clock)
    truth = {a.id: a for a in account.shop.truth().appointments}
    for record in account.sweep("appointments", limit=100):
        local = truth[str(record["id"])].starts_at.astimezone(ZoneInfo(zone))
        assert record["start_date_time"] == local.strftime("%Y-%m-%d %H:%M:%S")
        assert " " in record["created_at"]


@pytest.mark.parametrize("times", ["iso_offset", "iso_utc", "epoch", "epoch_ms"])
def test_times_with_an_offset_or_as_epoch_are_the_true_instants(clock: Clock, times: str) -> None:
    account = account_in("Australia/Lord_Howe", clock, times=times)
    truth = {a.id: a for a in account.shop.truth().appointments}
    units = {"epoch": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}
    for record in account.sweep("appointments", limit=100):
        value = record["end_date_time"]
        read = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(0, UTC)
        read += value * units[times] if isinstance(value, int) else timedelta()
        assert read == truth[str(record["id"])].ends_at
        assert times != "iso_offset" or value[-6:] in ("+10:30", "+11:00")


def test_durations_are_seconds_or_minutes(clock: Clock) -> None:
    seconds = account_in("Asia/Tokyo", clock).page("services")
    minutes = account_in("Asia/Tokyo", clock, durations="minutes").page("services")
    for name in ("duration", "buffer_time_before", "buffer_time_after"):
        assert [s[name] for s in seconds] == [m[name] * 60 for m in minutes]
    assert seconds[0]["duration"] == 1800


@pytest.mark.parametrize(
    ("zone", "kind", "expected"),
    [
        ("America/New_York", "number", 35.5),
        ("America/New_York", "string", "35.50"),
        ("America/New_York", "symbol", "$35.50"),
        ("America/New_York", "comma", "35,50 $"),
        ("America/New_York", "null", None),
        ("Asia/Tokyo", "number", 4200),
        ("Asia/Tokyo", "symbol", "¥4200"),
        ("Asia/Kuwait", "string", "5.250"),
        ("Asia/Kuwait", "symbol", "KD 5.250"),
        ("Asia/Kuwait", "comma", "5,250 KD"),
    ],
)
def test_prices_are_numbers_strings_or_nothing(clock: Clock, zone: str, kind: str, expected: Any) -> None:
    account = account_in(zone, clock, prices=kind)
    price = {"America/New_York": "35.5", "Asia/Tokyo": "4200", "Asia/Kuwait": "5.25"}[zone]
    service = account.page("services")[0]
    account.shop.change_price(service["id"], Decimal(price))
    assert account.get(f"services/{service['id']}").json()["price"] == expected


def test_ids_are_numbers_or_strings_everywhere(clock: Clock) -> None:
    account = account_in("Europe/Berlin", clock, ids="string")
    for record in account.sweep("appointments", limit=100):
        nested = [record["service"], *record["employees"], *record["bookings"]]
        nested += [booking["customer"] for booking in record["bookings"]]
        nested += [record["location"]] if record["location"] else []
        assert all(isinstance(value["id"], str) for value in [record, *nested])


@pytest.mark.parametrize(
    ("mode", "whole", "booking"),
    [("no-show", "no-show", "no-show"), ("no_show", "no_show", "no_show"), ("both", "no-show", "no_show")],
)
def test_no_shows_are_spelt_either_way_or_both(clock: Clock, mode: str, whole: str, booking: str) -> None:
    account = account_in("Europe/London", clock, no_show=mode)
    shown = account.sweep("appointments", status="no_show")
    assert shown
    assert {record["status"] for record in shown} == {whole}
    assert {b["status"] for record in shown for b in record["bookings"]} == {booking}


def test_statuses_may_be_display_words_or_codes(clock: Clock) -> None:
    display = account_in("Europe/London", clock, statuses="display").sweep("appointments")
    assert {r["status"] for r in display} <= {"Approved", "Pending", "Canceled", "Rejected", "No-show"}
    codes = account_in("Europe/London", clock, statuses="codes").sweep("appointments")
    assert all(isinstance(record["status"], int) for record in codes)


@pytest.mark.parametrize(("mode", "shown"), [("object", {}), ("null", None), ("absent", "absent")])
def test_a_missing_location_is_an_empty_object_null_or_absent(clock: Clock, mode: str, shown: Any) -> None:
    account = account_in("Europe/London", clock, no_location=mode)
    without = {a.id for a in account.shop.truth().appointments if a.location_id is None}
    records = [r for r in account.sweep("appointments", limit=100) if str(r["id"]) in without]
    assert records
    assert all(record.get("location", "absent") == shown for record in records)


def test_a_walk_in_without_a_client_has_no_booking_or_one_without_customer(clock: Clock) -> None:
    for mode in ("no_bookings", "null_customer"):
        account = account_in("Europe/London", clock, no_customer=mode)
        nobody = {a.id for a in account.shop.truth().appointments if not a.bookings}
        records = [r for r in account.sweep("appointments", limit=100) if str(r["id"]) in nobody]
        assert records
        customers = [[booking["customer"] for booking in record["bookings"]] for record in records]
        assert all(shown == ([] if mode == "no_bookings" else [None]) for shown in customers)


def test_employees_may_be_withheld(clock: Clock) -> None:
    account = account_in("Europe/London", clock, employees="empty")
    assert all(record["employees"] == [] for record in account.sweep("appointments"))
    assert account.page("employees")


def test_a_class_shows_several_barbers_and_bookings_of_different_status(clock: Clock) -> None:
    account = account_in("America/New_York", clock)
    classes = [r for r in account.sweep("appointments", limit=100) if r["service"]["name"] == "Beard Care Class"]
    assert max(len(record["employees"]) for record in classes) == 2
    assert max(len(record["bookings"]) for record in classes) in (3, 4)
    mixed = [r for r in classes if {b["status"] for b in r["bookings"]} >= {"approved", "canceled"}]
    assert any(record["status"] == "approved" for record in mixed)


def test_unknown_fields_may_appear(clock: Clock) -> None:
    record = account_in("Europe/London", clock, extended_fields="present").page("appointments")[0]
    assert record["custom_fields"][0]["nested"]


def test_country_codes_are_iso_or_dialling_codes(clock: Clock) -> None:
    for mode, expected in (("iso", "GB"), ("dial", "+44")):
        customers = account_in("Europe/London", clock, phone_country_code=mode).sweep("customers")
        assert {c["phone_country_code"] for c in customers} == {expected, None}


def test_request_ids_may_be_sent(clock: Clock) -> None:
    account = account_in("Europe/London", clock, request_ids="present")
    assert account.get("services").headers["X-Request-Id"] != account.get("services").headers["X-Request-Id"]
