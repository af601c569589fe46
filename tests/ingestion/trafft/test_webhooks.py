"""One event into one typed record: the six events' fields, a relay's JSON, and anything a stranger might send."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.trafft.webhook_fields import clean_fields, event_key
from ingestion.trafft.webhook_kinds import EVENTS, event_type, inferred_type
from ingestion.trafft.webhooks import Reading, appointment_id, customer_id, dates_in, read_appointment
from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhooks import Postman, Style

TAMPA = Reading(ZoneInfo("America/New_York"))
BOOKED = {
    "appointmentId": "18530",
    "appointmentStatus": "Approved",
    "appointmentStartDate": "June 23, 2025",
    "appointmentStartTime": "10:00 am",
    "appointmentStartDateTime": "June 23, 2025 10:00 am",
    "appointmentEndDate": "June 23, 2025",
    "appointmentEndTime": "10:30 am",
    "appointmentEndDateTime": "June 23, 2025 10:30 am",
    "appointmentPrice": "$38.00",
    "bookingUuid": "6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11",
    "customerFullName": "Noah Reyes",
    "customerFirstName": "Noah",
    "customerLastName": "Reyes",
    "customerEmail": "noah.reyes@example.com",
    "customerPhone": "+18135550142",
    "employeeFullName": "Dario Vance",
    "employeeFirstName": "Dario",
    "employeeLastName": "Vance",
    "employeeEmail": "dario@elitecuts.example",
    "employeePhone": "-",
    "serviceCategory": "Haircuts",
    "serviceName": "Skin Fade",
    "serviceDuration": "30min",
    "servicePrice": "$38.00",
    "locationName": "Elite Cuts Riverside",
    "locationAddress": "12 Quay St, Tampa, FL 33602, USA",
    "locationPhone": "+18135550100",
}


INDEXED = {"customFields[0][label]": "Beard", "customFields[0][value]": "yes"}


def read(fields: dict[str, Any], reading: Reading = TAMPA) -> Any:
    found = read_appointment(clean_fields(fields), reading)
    assert found is not None
    return found


def test_a_form_as_it_travels_is_read_whole() -> None:
    found = read(dict(parse_qsl(urlencode(BOOKED))))
    assert (found.external_id, found.status, found.price) == ("18530", "Approved", Decimal("38.00"))
    assert (found.starts_at, found.ends_at) == (
        datetime(2025, 6, 23, 14, tzinfo=UTC),
        datetime(2025, 6, 23, 14, 30, tzinfo=UTC),
    )
    assert (found.employee_email, found.employee_phone) == ("dario@elitecuts.example", None)
    assert (found.service_name, found.service_category) == ("Skin Fade", "Haircuts")
    assert (found.customer_email, found.customer_phone) == ("noah.reyes@example.com", "+18135550142")
    assert (found.cancel_reason, found.unreadable) == (None, {})


def test_a_cancellation_carries_its_reason_and_the_status_stays_as_it_was_written() -> None:
    found = read(BOOKED | {"appointmentStatus": "Abgesagt", "reasonForCanceling": "Sick"})
    assert (found.status, found.cancel_reason) == ("Abgesagt", "Sick")


def test_a_european_account() -> None:
    found = read(
        BOOKED
        | {"appointmentStartDateTime": "23/06/2025 10:00 AM", "appointmentEndDateTime": "23/06/2025 11:15 AM"}
        | {"appointmentPrice": "1.238,00 €", "serviceDuration": "1h 15min"},
    )
    assert found.starts_at == datetime(2025, 6, 23, 14, tzinfo=UTC)
    assert (found.price, found.unreadable) == (Decimal("1238.00"), {})


def test_the_json_of_a_relay() -> None:
    body = {
        "event_type": "appointment.created",
        "barbershop_id": "elitecuts",
        "data": {"id": "18530", "customerName": "Noah Reyes", "customerEmail": "noah.reyes@example.com"}
        | {"serviceName": "Skin Fade", "dateTime": "2025-06-23T14:00:00Z", "duration": 30, "price": 38.0}
        | {"status": "confirmed", "employeeName": "Dario Vance"},
    }
    found = read(body)
    assert (found.external_id, found.price, found.status) == ("18530", Decimal("38.0"), "confirmed")
    assert (found.starts_at, found.ends_at) == (
        datetime(2025, 6, 23, 14, tzinfo=UTC),
        datetime(2025, 6, 23, 14, 30, tzinfo=UTC),
    )
    assert (found.customer_name, found.employee_name) == ("Noah Reyes", "Dario Vance")


def test_the_form_and_the_json_of_one_event_say_the_same(shop: Shop, clock: Clock) -> None:
    booked = shop.add_appointment(starts_at=clock.now() + timedelta(days=1))
    [delivery] = Postman(shop, Style(dates="slashes", money="comma")).booked(booked)
    form, relayed = read(dict(parse_qsl(delivery.form.decode()))), read(json.loads(delivery.json))
    for name in ("external_id", "starts_at", "ends_at", "price", "customer_email", "service_name", "employee_name"):
        assert getattr(form, name) == getattr(relayed, name), name
    assert form.unreadable == relayed.unreadable == {}


def test_without_the_joint_field_date_and_time_are_put_together() -> None:
    fields = {key: value for key, value in BOOKED.items() if not key.endswith("DateTime")}
    assert read(fields).ends_at == datetime(2025, 6, 23, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"appointmentStartDateTime": "05/06/2025 10:00"}, "starts_at", "day or month first"),
        ({"appointmentPrice": "gratis"}, "price", "expected an amount"),
        ({"appointmentPrice": "-$5"}, "price", "expected an amount"),
        ({"appointmentEndDateTime": "June 23, 2025 9:00 am"}, "ends_at", "before the start"),
        ({"appointmentStatus": ["Approved"]}, "status", "expected text"),
    ],
)
def test_a_field_that_cannot_be_read_is_null_with_the_reason(change: dict[str, Any], field: str, why: str) -> None:
    found = read(BOOKED | change)
    assert getattr(found, field) is None
    assert why in found.unreadable[field]
    assert found.customer_email == "noah.reyes@example.com"


def test_the_other_date_of_an_event_tells_day_from_month() -> None:
    assert read(
        BOOKED | {"appointmentStartDateTime": "12/06/2025 23:30", "appointmentEndDateTime": "13/06/2025 00:15"}
    ).starts_at == datetime(2025, 6, 13, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"customFields": '[{"label": "Beard", "value": "yes"}]'}, [{"label": "Beard", "value": "yes"}]),
        ({"customFields": [{"label": "Beard"}]}, [{"label": "Beard"}]),
        (INDEXED, INDEXED),
        ({"customFields": "[not json"}, "[not json"),
        ({"customFields": "-"}, None),
        ({"customFieldsOther": "1"}, None),
    ],
)
def test_custom_fields_are_kept_however_they_are_spelled(fields: dict[str, Any], kept: Any) -> None:
    assert read(BOOKED | fields).custom_fields == kept


def test_whom_or_what_an_event_speaks_of() -> None:
    assert appointment_id({"appointmentId": " 18530 "}) == "18530"
    assert appointment_id({"data": {"id": 18530}}) == "18530"
    assert appointment_id({"appointmentId": "-"}) is None
    assert customer_id({"customerId": "732"}) == "732"
    assert read_appointment({"customerId": "732"}, TAMPA) is None
    assert list(dates_in({"appointmentStartDate": "23/06/2025", "locationName": "23/06/2025"})) == ["23/06/2025"]


@pytest.mark.parametrize(
    ("name", "event"),
    [(name, name) for name in EVENTS]
    + [
        ("appointment.created", "appointment.booked"),
        ("appointment_cancelled", "appointment.canceled"),
        ("appointment.statusChanged", "appointment.status_changed"),
        ("Appointment_Status_Changed", "appointment.status_changed"),
        ("customer.updated", "customer.created"),
        ("invoice.paid", "invoice.paid"),
        (" Invoice\x00.Paid\ud800<script>" + "x" * 200, ("invoice.paidscript" + "x" * 200)[:100]),
        ("\x00", "unknown"),
    ],
)
def test_events_have_one_spelling_here(name: str, event: str) -> None:
    assert event_type(name) == event


def test_a_body_without_a_name_of_an_event_means_what_it_holds() -> None:
    assert inferred_type(BOOKED) == "appointment.booked"
    assert inferred_type(BOOKED | {"appointmentStatus": "Canceled"}) == "appointment.canceled"
    assert inferred_type({"customerId": "732"}) == "customer.created"
    assert inferred_type({"x": "1"}) is None


def test_the_order_of_fields_makes_no_other_event_and_the_token_is_no_part_of_it() -> None:
    reversed_order = dict(reversed(BOOKED.items())) | {"verificationToken": "$1$secret"}
    key = event_key("shop", "appointment.booked", clean_fields(BOOKED))
    assert event_key("shop", "appointment.booked", clean_fields(reversed_order)) == key
    assert "verificationToken" not in clean_fields(reversed_order)
    assert event_key("other", "appointment.booked", clean_fields(BOOKED)) != key
    assert event_key("shop", "appointment.canceled", clean_fields(BOOKED)) != key


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*BOOKED, "extras", "customFields", "customFields[0][label]", "data", "id", "dateTime"])


@given(st.dictionaries(names | st.text(max_size=8), anything, max_size=12))
def test_nothing_that_is_sent_raises(fields: dict[str, Any]) -> None:
    cleaned = clean_fields(fields)
    json.dumps(cleaned, allow_nan=False).encode()
    assert "\x00" not in str(cleaned)
    assert len(event_key("shop", "appointment.booked", cleaned)) == 64
    read_appointment(cleaned, TAMPA)
    customer_id(cleaned)
    inferred_type(cleaned)


def test_hostile_values_are_made_fit_to_be_stored() -> None:
    deep: Any = "bottom"
    for _ in range(100):
        deep = [deep]
    cleaned = clean_fields({"a": 10**400, "b": "\ud800x\x00", "c": float("nan"), "d": deep, "e": b"raw"})
    assert cleaned["a"].startswith("a number of")
    assert cleaned["b"] == "?x"
    assert cleaned["c"] == "nan"
    assert orjson.dumps(cleaned)
