"""Webhooks within a sync: versions of what they told, and events settled by what the API then shows, in any order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.control.webhook_appointments import wanted
from ingestion.control.webhook_events import store
from ingestion.trafft.directory import Directory
from ingestion.trafft.matching import Candidate, Matcher
from ingestion.trafft.models import CUSTOMERS, EMPLOYEES, SERVICES
from ingestion.trafft.webhook_versions import fold
from ingestion.trafft.webhooks import WebhookAppointment
from ingestion.webhook_sync import Settled, settle_events, told_customers
from tests.ingestion.webhook_shop import WebhookShop, open_webhook_shop

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEN = datetime(2026, 3, 3, 15, tzinfo=UTC)
NOBODY = Directory(*(Matcher(()) for _ in range(4)))
SHOP = Directory(
    services=Matcher([Candidate("13", "Skin Fade"), Candidate("14", "skin fade")]),
    employees=Matcher([Candidate("5", "Dario Vance", "dario@elitecuts.example")]),
    customers=Matcher([Candidate("731", "Noah Reyes", "noah@example.com"), Candidate("702", "Theo Lang")]),
    locations=Matcher([]),
)


def told(**fields: Any) -> WebhookAppointment:
    return WebhookAppointment(external_id="18530", **fields)


def test_ids_are_those_of_whom_the_words_can_only_mean() -> None:
    record = fold(
        [told(service_name="skin fade", employee_email="Dario@elitecuts.example", customer_email="noah@example.com")],
        SHOP,
    )
    assert (record["service_id"], record["employee_id"]) == ("14", "5")
    assert record["bookings"][0]["customer_id"] == "731"
    ambiguous = fold([told(service_name="SKIN FADE", customer_name="Somebody")], SHOP)
    assert (ambiguous["service_id"], ambiguous["bookings"][0]["customer_id"]) == (None, None)


def test_the_newest_word_counts_and_what_it_leaves_out_stays() -> None:
    booked = told(starts_at=TEN, ends_at=TEN + timedelta(minutes=30), price=Decimal(38), status="Approved")
    moved = told(starts_at=TEN + timedelta(days=1), status="Approved", service_category="Haircuts")
    record = fold([booked, moved], NOBODY)
    assert (record["starts_at"], record["ends_at"]) == ((TEN + timedelta(days=1)).isoformat(), None)
    assert (record["price"], record["service_category"]) == ("38", "Haircuts")


def test_a_new_time_that_cannot_be_read_makes_the_old_one_unknown_and_keeps_the_price() -> None:
    booked = told(starts_at=TEN, price=Decimal(38))
    moved = told(unreadable={"starts_at": "day or month first", "price": "no amount"})
    record = fold([booked, moved], NOBODY)
    assert (record["starts_at"], record["price"]) == (None, "38")


def test_a_reason_goes_when_the_booking_is_on_again() -> None:
    canceled = told(status="Canceled", cancel_reason="Sick")
    assert fold([told(), canceled], NOBODY)["cancel_reason"] == "Sick"
    assert fold([canceled, told(status="Approved")], NOBODY)["cancel_reason"] is None


def test_a_group_has_a_booking_for_each_client_with_a_status_and_a_price_of_its_own() -> None:
    noah = told(booking_uuid="n", customer_email="noah@example.com", status="Approved", price=Decimal(38))
    theo = told(booking_uuid="t", customer_name="Theo Lang", status="Canceled", price=Decimal(20))
    record = fold([noah, theo, told(customer_email="noah@example.com", status="No-show")], SHOP)
    bookings = {each["booking_id"]: each for each in record["bookings"]}
    assert {key: (each["customer_id"], each["status"], each["price"]) for key, each in bookings.items()} == {
        "n": ("731", "No-show", "38"),
        "t": ("702", "Canceled", "20"),
    }
    assert (record["status"], record["price"]) == (None, None)


@given(st.permutations([told(status="A"), told(status="B", price=Decimal(1)), told(starts_at=TEN), told()]))
def test_events_told_twice_make_the_same_version(events: list[WebhookAppointment]) -> None:
    assert fold([*events, *events], NOBODY) == fold(events, NOBODY)


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=12))
def test_of_identical_bodies_delivered_to_and_fro_the_last_one_counts(deliveries: list[str]) -> None:
    """Each body is one event, whose place in the order is that of its last delivery: as the inbox keeps them."""
    last = {status: place for place, status in enumerate(deliveries)}
    inbox = [told(status=status) for status in sorted(last, key=lambda status: last[status])]
    assert fold(inbox, NOBODY)["status"] == deliveries[-1]


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[WebhookShop]:
    with open_webhook_shop(database_url, tmp_path) as shop:
        yield shop


@pytest.mark.sql
def test_an_event_becomes_a_version_with_what_only_webhooks_tell(shop: WebhookShop) -> None:
    shop.knows(SERVICES, {"id": 13, "name": "Skin Fade", "price": 40, "duration": 1800})
    shop.knows(EMPLOYEES, {"id": 5, "first_name": "Dario", "last_name": "Vance", "email": "dario@elitecuts.example"})
    shop.knows(CUSTOMERS, {"id": 731, "first_name": "Noah", "last_name": "Reyes", "email": "noah.reyes@example.com"})
    shop.receive()
    shop.sync("18530")
    [row] = shop.versions()
    assert (row["op"], row["origin"], row["external_id"]) == ("seen", "webhook", "18530")
    assert (row["service_id"], row["employee_id"], row["bookings"][0]["customer_id"]) == ("13", "5", "731")
    assert (row["price"], row["service_category"]) == (Decimal(38), "Haircuts")
    assert row["booking_uuid"] == "6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11"
    assert row["observed_at"] == shop.events()[0]["last_received_at"]


@pytest.mark.sql
def test_a_repetition_appends_nothing(shop: WebhookShop) -> None:
    for _ in range(3):
        shop.receive()
        shop.sync("18530")
    assert len(shop.versions()) == 1


@pytest.mark.sql
def test_to_and_fro_with_the_same_bodies_ends_where_it_ended(shop: WebhookShop) -> None:
    for _ in range(2):
        shop.receive()
        shop.sync("18530")
        shop.receive("appointment.canceled", appointmentStatus="Canceled", reasonForCanceling="Sick")
        shop.sync("18530")
    versions = shop.versions()
    assert [row["status"] for row in versions] == ["Approved", "Canceled", "Approved", "Canceled"]
    assert len(shop.events()) == 2
    assert {event["outcome"] for event in shop.events()} == {"applied"}


@pytest.mark.sql
@pytest.mark.parametrize("order", list(permutations(range(3)))[1:4])
def test_whatever_order_events_are_stored_in_the_last_delivered_counts(
    shop: WebhookShop, order: tuple[int, ...]
) -> None:
    statuses = ("Pending", "Approved", "Canceled")
    for place in order:
        shop.receive(received_at=NOW + timedelta(minutes=place), appointmentStatus=statuses[place])
    shop.sync("18530")
    assert [row["status"] for row in shop.versions()] == ["Canceled"]


@pytest.mark.sql
def test_an_event_waits_for_a_reading_that_began_after_it(shop: WebhookShop) -> None:
    operation = shop.begin()
    shop.receive()
    assert settle_events(shop.connection, operation, seen={"appointments": {"18530"}}) == Settled()
    assert wanted(shop.connection, shop.integration.id).keys() == {"18530"}


@pytest.mark.sql
def test_a_delivery_during_the_reading_keeps_the_event_waiting(shop: WebhookShop) -> None:
    shop.receive()
    operation = shop.begin()
    shop.receive()
    assert settle_events(shop.connection, operation, seen={"appointments": {"18530"}}) == Settled()
    assert not shop.events()[0]["processed"]


@pytest.mark.sql
def test_three_readings_without_the_record_leave_it_to_a_sweep(shop: WebhookShop) -> None:
    shop.receive()
    assert [shop.sync() for _ in range(3)] == [Settled(waiting=1), Settled(waiting=1), Settled(unmatched=1)]
    [event] = shop.events()
    assert (event["outcome"], event["processed"], event["attempts"]) == ("unmatched", True, 3)
    assert "has not shown this record" in event["processing_error"]
    assert shop.sync("18530", sync_type="incremental") == Settled(applied=1)
    assert (shop.events()[0]["outcome"], shop.events()[0]["processing_error"]) == ("applied", None)


@pytest.mark.sql
def test_a_sweep_that_does_not_show_it_settles_at_once(shop: WebhookShop) -> None:
    shop.receive()
    assert shop.sync(sync_type="full", swept={"appointments"}) == Settled(unmatched=1)


@pytest.mark.sql
def test_an_attempt_that_died_counts(shop: WebhookShop) -> None:
    shop.receive()
    for _ in range(3):
        shop.batches(shop.begin())
        shop.connection.execute("update control.sync_operations set status = 'failed', completed_at = now()")
    assert shop.events()[0]["attempts"] == 3
    assert shop.sync("18530", sync_type="full") == Settled(applied=1)


@pytest.mark.sql
def test_a_new_customer_is_asked_for_by_id(shop: WebhookShop) -> None:
    created = {"customerId": "732", "customerFullName": "Ola Berg"}
    store(shop.connection, shop.integration, "customer.created", created)
    assert told_customers(shop.connection, shop.begin()) == ["732"]
    shop.connection.execute("update control.sync_operations set status = 'failed', completed_at = now()")
    assert shop.sync(customers=["732"]) == Settled(applied=1)
    assert shop.versions() == []


@pytest.mark.sql
def test_a_customer_whom_the_log_knows_needs_no_asking(shop: WebhookShop) -> None:
    shop.knows(CUSTOMERS, {"id": 732, "first_name": "Ola"})
    store(shop.connection, shop.integration, "customer.created", {"customerId": "732"})
    assert shop.sync() == Settled()
    assert shop.events()[0]["outcome"] == "applied"
