"""Whole Trafft records: what becomes of each, and what makes one unreadable. The shop is invented."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.records import Resource, ShopContext, Unreadable
from ingestion.trafft.models import APPOINTMENTS, CUSTOMERS, RESOURCES, SERVICES

CONTEXT = ShopContext(ZoneInfo("America/New_York"))
GROUP: dict[str, Any] = {
    "id": 18477,
    "status": "approved",
    "start_date_time": "2025-06-19 10:00:00",
    "end_date_time": "2025-06-19 11:00:00",
    "created_at": "2025-06-10 14:02:00",
    "note": "beard workshop",
    "service": {"id": 18, "name": "Beard Care Class"},
    "location": {"id": 2, "name": "Elite Cuts Riverside"},
    "employees": [
        {"id": 5, "first_name": "Dario", "last_name": "Vance"},
        {"id": 6, "first_name": "Imani", "last_name": "Cole"},
    ],
    "bookings": [
        {
            "id": 21990,
            "status": "approved",
            "additional_persons": 1,
            "customer": {"id": 731, "first_name": "Noah", "last_name": "Reyes", "email": "noah.reyes@example.com"},
        },
        {
            "id": 21991,
            "status": "canceled",
            "additional_persons": 0,
            "customer": {"id": 655, "first_name": "Ravi", "last_name": "Menon", "email": None},
        },
    ],
}


def columns_of(resource: Resource, record: dict[str, Any], context: ShopContext = CONTEXT) -> dict[str, Any]:
    return dict(zip(resource.columns, resource.parse(record, context), strict=True))


def test_a_group_appointment_keeps_its_employees_and_bookings() -> None:
    row = columns_of(APPOINTMENTS, GROUP)
    assert row["starts_at"] == datetime(2025, 6, 19, 14, tzinfo=UTC)
    assert row["ends_at"] == datetime(2025, 6, 19, 15, tzinfo=UTC)
    assert row["booked_at"] == datetime(2025, 6, 10, 18, 2, tzinfo=UTC)
    assert (row["service_id"], row["location_id"], row["employee_id"]) == ("18", "2", "5")
    assert row["employee_name"] == "Dario Vance"
    assert [person["employee_id"] for person in json.loads(row["employees"])] == ["5", "6"]
    assert json.loads(row["bookings"]) == [
        {
            "booking_id": "21990",
            "status": "approved",
            "additional_persons": 1,
            "customer_id": "731",
            "customer_first_name": "Noah",
            "customer_last_name": "Reyes",
            "customer_email": "noah.reyes@example.com",
        },
        {
            "booking_id": "21991",
            "status": "canceled",
            "additional_persons": 0,
            "customer_id": "655",
            "customer_first_name": "Ravi",
            "customer_last_name": "Menon",
            "customer_email": None,
        },
    ]


@pytest.mark.parametrize("empty", [None, {}, "", []])
def test_an_empty_location_is_no_location(empty: Any) -> None:
    row = columns_of(APPOINTMENTS, {**GROUP, "location": empty})
    assert (row["location_id"], row["location_name"]) == (None, None)


@pytest.mark.parametrize("employees", [None, []])
def test_an_appointment_without_employees_is_valid(employees: Any) -> None:
    row = columns_of(APPOINTMENTS, {**GROUP, "employees": employees})
    assert (row["employee_id"], row["employee_name"], row["employees"]) == (None, None, "[]")


def test_unknown_fields_change_no_column() -> None:
    assert columns_of(APPOINTMENTS, {**GROUP, "colour": "#fff", "extras": [{"id": 1}]}) == columns_of(
        APPOINTMENTS, GROUP
    )


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("start_date_time", None, "start_date_time: missing"),
        ("start_date_time", "soon", "expected a date and time"),
        ("end_date_time", "2025-06-19 09:00:00", "lies before the start"),
        ("service", "Skin Fade", "service: expected an object"),
        ("bookings", {"id": 1}, "bookings: expected a list"),
        ("bookings", [{"id": 1}, {"id": 1}], "an id of its own"),
        ("bookings", [{"id": 1}, {}], "an id of its own"),
        ("employees", [5], "employees: expected a list"),
        ("note", {"text": "x"}, "expected text"),
    ],
)
def test_what_cannot_be_read_says_which_field_and_why(field: str, value: Any, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        APPOINTMENTS.parse({**GROUP, field: value}, CONTEXT)


def test_a_service_in_seconds_and_one_in_minutes_mean_the_same() -> None:
    in_seconds = {"id": 13, "name": "Skin Fade", "price": 38, "duration": 1800, "buffer_time_after": 300}
    in_minutes = {"id": 13, "name": "Skin Fade", "price": "38.00", "duration": 30, "buffer_time_after": 5}
    for record in (in_seconds, in_minutes):
        assert SERVICES.context_from is not None
        row = columns_of(SERVICES, record, SERVICES.context_from([record], CONTEXT))
        assert (row["price"], row["duration_minutes"], row["buffer_after_minutes"]) == (Decimal(38), 30, 5)


def test_a_customer_is_kept_as_it_is() -> None:
    record = {"id": 702, "first_name": "Theo", "last_name": "Lang", "email": None, "phone_number": "+1 813 555"}
    row = columns_of(CUSTOMERS, record)
    assert (row["first_name"], row["email"], row["phone_number"], row["gender"]) == ("Theo", None, "+1 813 555", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(RESOURCES), st.dictionaries(st.sampled_from([*GROUP, "price", "duration", "email"]), json_values)
)
def test_no_record_whatever_makes_anything_but_a_row_or_a_reason(resource: Resource, record: dict[str, Any]) -> None:
    try:
        resource.identify(record)
        values = resource.parse(record, CONTEXT)
    except Unreadable as error:
        assert str(error)  # noqa: PT017  # either outcome is right; only another exception is not
    else:
        assert len(values) == len(resource.columns)
