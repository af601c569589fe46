"""Who is believed about a booking: the API before webhooks before files, except for what only those can tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ingestion.control import webhook_events
from ingestion.control.integrations import get_integration
from tests.dbt.raw_log import Shop, Version, appointment, booking, customer, gone, service
from tests.dbt.warehouse import Warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
AS_OF = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOMORROW = AS_OF + timedelta(days=1)
NOAH, THEO = ("731", "Noah Reyes"), ("702", "Theo Lang")


def told(shop: Shop, name: str, minutes_later: int, origin: str = "webhook", **columns: Any) -> Version:
    """Return what a webhook or a file told: canceled, for 35, because Noah was sick."""
    entry = booking("", NOAH, "Canceled") | {"price": "35", "customer_phone": "+18135550142"}
    defaults: dict[str, Any] = {
        "starts_at": TOMORROW,
        "status": "Canceled",
        "booked_at": None,
        "bookings": [entry],
        "price": 35,
        "service_category": "Haircuts",
        "cancel_reason": "Sick",
    }
    version = appointment(shop, name, SEEN + timedelta(minutes=minutes_later), **(defaults | columns))
    return replace(version, origin=origin)


def shown(shop: Shop, name: str, minutes_later: int, **columns: Any) -> Version:
    """Return what the API shows: approved, by Noah."""
    defaults: dict[str, Any] = {"starts_at": TOMORROW, "bookings": [booking("1", NOAH)]}
    return appointment(shop, name, SEEN + timedelta(minutes=minutes_later), **(defaults | columns))


def rows(warehouse: Warehouse, *columns: str) -> list[tuple[Any, ...]]:
    found = sorted(warehouse.mart("external_appointments"), key=lambda row: row["external_id"])
    return [tuple(row[column] for column in columns) for row in found]


def test_a_booking_that_only_a_webhook_told_of_is_shown_until_the_api_speaks(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    steps = []
    for version in (
        told(shop, "a1", 0),
        replace(told(shop, "a1", 1, status="Pending"), origin="csv"),
        shown(shop, "a1", -10),
        told(shop, "a1", 5, price=40, bookings=[]),
        gone(shown(shop, "a1", 0), SEEN + timedelta(minutes=6)),
        told(shop, "a1", 7),
    ):
        log.load([version, service(shop, "13", SEEN, "Skin Fade", 38)])
        warehouse.project.run(AS_OF)
        steps.append(rows(warehouse, "origin", "status", "price", "price_source", "cancel_reason", "client_phone"))
    phone = "+18135550142"
    assert steps == [
        [("webhook", "cancelled", Decimal(35), "webhook", "Sick", phone)],
        [("webhook", "cancelled", Decimal(35), "webhook", "Sick", phone)],
        [("api", "confirmed", Decimal(35), "webhook", None, None)],
        [("api", "confirmed", Decimal(40), "webhook", None, None)],
        [],
        [],
    ]


def test_in_a_group_an_amount_is_that_of_the_client_it_was_told_of(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load(
        [
            shown(shop, "a1", 0, bookings=[booking("1", NOAH, extra=2), booking("2", THEO)]),
            told(shop, "a1", 0),
            service(shop, "13", SEEN, "Skin Fade", 38),
        ]
    )
    warehouse.project.run(AS_OF)
    assert rows(warehouse, "external_id", "price", "price_source", "service_category") == [
        ("a1:1", Decimal(35), "webhook", "Haircuts"),
        ("a1:2", Decimal(38), "service_first_known", "Haircuts"),
    ]


def test_a_file_fills_what_nobody_else_told_of(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    file = told(shop, "a1", 0, origin="csv", bookings=[booking("1", NOAH)], price=20, status="Approved")
    person = replace(customer(shop, "731", SEEN, "From File"), origin="csv")
    log.load([file, person])
    warehouse.project.run(AS_OF)
    assert rows(warehouse, "origin", "price", "price_source", "client_name") == [("csv", 20, "csv", "From File")]
    log.load([customer(shop, "731", SEEN - timedelta(days=1), "Noah Reyes"), told(shop, "a1", -60)])
    warehouse.project.run(AS_OF)
    assert rows(warehouse, "origin", "price", "price_source", "client_name") == [
        ("webhook", 35, "webhook", "Noah Reyes")
    ]
    assert [row["origin"] for row in warehouse.mart("external_customers")] == ["api"]


def test_a_webhook_whose_start_cannot_be_read_is_in_no_day(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    version = told(shop, "a1", 0)
    log.load([replace(version, values={**version.values, "starts_at": None, "ends_at": None})])
    warehouse.project.run(AS_OF)
    assert rows(warehouse, "external_id") == []
    assert warehouse.mart("integration_analytics") == []


def test_a_stored_event_shows_at_once_over_what_was_built(warehouse: Warehouse) -> None:
    log, shop = warehouse.log, warehouse.log.add_shop()
    log.load([shown(shop, "a1", 0), shown(shop, "a2", 0), service(shop, "13", SEEN, "Skin Fade", 38)])
    warehouse.project.run(AS_OF)
    integration = get_integration(warehouse.connection, shop.integration_id)
    canceled = {"appointmentId": "a1", "appointmentStatus": "Canceled", "reasonForCanceling": "Sick"}
    booked = {
        "appointmentId": "a9",
        "appointmentStatus": "Approved",
        "appointmentStartDateTime": "March 3, 2026 11:30 pm",
        "appointmentPrice": "$20.00",
        "customerFullName": "Ola Berg",
    }
    webhook_events.store(warehouse.connection, integration, "appointment.canceled", canceled)
    webhook_events.store(warehouse.connection, integration, "appointment.booked", booked)

    live = {row["external_id"]: row for row in warehouse.rows("select * from analytics.external_appointments_live")}
    assert {name: (row["status"], row["price"], row["cancel_reason"]) for name, row in live.items()} == {
        "a1": ("cancelled", 38, "Sick"),
        "a2": ("confirmed", 38, None),
        "a9": ("confirmed", 20, None),
    }
    assert (live["a9"]["client_name"], live["a9"]["scheduled_on"].isoformat()) == ("Ola Berg", "2026-03-03")
    assert [name for name, row in sorted(live.items()) if row["told_at"]] == ["a1", "a9"]
    assert live["a1"]["scheduled_at"] == TOMORROW
    warehouse.connection.execute("update control.webhook_events set processed = true")
    settled = warehouse.rows("select external_id, status from analytics.external_appointments_live order by 1")
    assert settled == [
        {"external_id": "a1", "status": "confirmed"},
        {"external_id": "a2", "status": "confirmed"},
    ]
