"""The inbox: an event is stored once, counts its deliveries, and waits until it is settled."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.control import webhook_appointments, webhook_events
from ingestion.control.circuits import note_failure
from ingestion.control.integrations import get_integration
from ingestion.control.shop_settings import change
from ingestion.trafft.errors import AuthenticationFailed
from tests.ingestion.webhook_shop import BOOKED, WebhookShop, open_webhook_shop

pytestmark = pytest.mark.sql


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[WebhookShop]:
    with open_webhook_shop(database_url, tmp_path) as shop:
        yield shop


def typed(shop: WebhookShop) -> list[dict[str, Any]]:
    return shop.rows("select * from control.webhook_appointments order by received_at")


def test_an_event_is_stored_with_its_typed_row(shop: WebhookShop) -> None:
    receipt = shop.receive()
    assert (receipt.is_new, receipt.outcome) == (True, None)
    [event] = shop.events()
    assert (event["event_type"], event["appointment_id"], event["processed"]) == ("appointment.booked", "18530", False)
    assert event["payload"]["appointmentPrice"] == "$38.00"
    [row] = typed(shop)
    assert (row["price"], row["starts_at"]) == (Decimal(38), datetime(2025, 6, 23, 14, tzinfo=UTC))
    assert (row["customer_email"], row["unreadable"]) == ("noah.reyes@example.com", {})


def test_another_delivery_counts_and_makes_the_event_wait_again(shop: WebhookShop) -> None:
    first = shop.receive()
    shop.sync("18530")
    again = shop.receive()
    [event] = shop.events()
    assert (again.event_id, again.is_new, event["deliveries"]) == (first.event_id, False, 2)
    assert (event["processed"], event["outcome"], event["attempts"]) == (False, None, 0)
    assert event["last_received_at"] > event["received_at"]
    assert len(typed(shop)) == 1


def test_the_same_body_for_another_event_or_shop_is_another_event(shop: WebhookShop) -> None:
    keys = {shop.receive().event_id, shop.receive("appointment.reminder").event_id}
    with open_webhook_shop(shop.log.url, shop.log.work_dir, name="Other") as other:
        keys.add(other.receive().event_id)
    assert len(keys) == 3


def test_no_secret_is_stored(shop: WebhookShop) -> None:
    headers = {"Authorization": "Bearer s3cret", "X-Trafft-Signature": "sha256=s3cret", "Cookie": "s3cret"}
    fields = {**BOOKED, "verificationToken": "s3cret"}
    webhook_events.store(
        shop.connection, shop.integration, "appointment.booked", fields, {**headers, "User-Agent": "Trafft"}
    )
    assert "s3cret" not in json.dumps(shop.events(), default=str)
    assert shop.events()[0]["headers"] == {"user-agent": "Trafft"}


@pytest.mark.parametrize(
    ("event", "fields", "outcome"),
    [
        ("invoice.paid", BOOKED, "ignored"),
        ("customer.created", {"customerEmail": "ola.berg@example.com"}, "ignored"),
        ("appointment.booked", {"customerEmail": "ola.berg@example.com"}, "unreadable"),
        ("customer.created", {"customerId": "732"}, None),
        ("appointment.booked", {"appointmentId": "1", "appointmentStartDateTime": "soon"}, None),
    ],
)
def test_what_cannot_be_used_is_kept_and_closed_with_the_reason(
    shop: WebhookShop, event: str, fields: dict[str, str], outcome: str | None
) -> None:
    assert webhook_events.store(shop.connection, shop.integration, event, fields).outcome == outcome
    [row] = shop.events()
    assert (row["outcome"], row["processed"], row["processing_error"] is None) == (
        outcome,
        outcome is not None,
        outcome is None,
    )


def test_a_later_event_tells_day_from_month_for_those_that_wait(shop: WebhookShop) -> None:
    shop.receive(appointmentStartDateTime="05/06/2025 10:00", appointmentEndDateTime="-")
    assert "day or month first" in typed(shop)[0]["unreadable"]["starts_at"]
    shop.receive(appointmentId="2", appointmentStartDateTime="23/06/2025 10:00", appointmentEndDateTime="-")
    assert webhook_appointments.read_again(shop.connection, shop.integration) == 1
    assert typed(shop)[0]["starts_at"] == datetime(2025, 6, 5, 14, tzinfo=UTC)
    shop.receive(appointmentId="3", appointmentStartDateTime="07/06/2025 10:00", appointmentEndDateTime="-")
    assert typed(shop)[2]["starts_at"] == datetime(2025, 6, 7, 14, tzinfo=UTC)


def test_an_owner_may_set_the_order(shop: WebhookShop) -> None:
    change(shop.connection, shop.integration.id, {"webhookDates": "mdy"})
    shop.integration = get_integration(shop.connection, shop.integration.id)
    shop.receive(appointmentStartDateTime="05/06/2025 10:00", appointmentEndDateTime="-")
    assert typed(shop)[0]["starts_at"] == datetime(2025, 5, 6, 14, tzinfo=UTC)


def test_settings_that_are_wrong_cost_no_event(shop: WebhookShop) -> None:
    shop.connection.execute("update control.integrations set sync_settings = '[]'")
    shop.integration = get_integration(shop.connection, shop.integration.id)
    assert shop.receive().is_new


def test_a_shop_waits_until_its_events_are_settled(shop: WebhookShop) -> None:
    assert webhook_events.waiting(shop.connection) == []
    shop.receive()
    last = shop.receive(appointmentId="2")
    [waiting] = webhook_events.waiting(shop.connection)
    assert (waiting.integration_id, waiting.events, waiting.number) == (shop.integration.id, 2, last.number)
    shop.sync("18530", "2")
    assert webhook_events.waiting(shop.connection) == []


def test_a_shop_that_is_left_alone_has_nothing_waiting(shop: WebhookShop) -> None:
    shop.receive()
    for _ in range(10):
        note_failure(shop.connection, shop.integration, AuthenticationFailed("https://shop.example/token"))
    assert webhook_events.waiting(shop.connection) == []


def test_what_is_wanted_is_the_newest_word_on_each_appointment(shop: WebhookShop) -> None:
    now = datetime.now(UTC)
    later = {"appointmentStartDateTime": "June 24, 2025 10:00 am", "appointmentEndDateTime": "-"}
    shop.receive("appointment.rescheduled", now, **later)
    shop.receive(received_at=now - timedelta(minutes=1))
    assert webhook_appointments.wanted(shop.connection, shop.integration.id) == {
        "18530": datetime(2025, 6, 24, 14, tzinfo=UTC)
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from([*BOOKED, "extras", "customFields", "data"]), anything, max_size=8))
def test_whatever_is_sent_can_be_stored(shop: WebhookShop, fields: dict[str, Any]) -> None:
    webhook_events.store(shop.connection, shop.integration, "appointment.booked", {"appointmentId": "1"} | fields)
