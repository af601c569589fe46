"""Exact rows for a shop worked out by hand (tests/dbt/golden_shop.py), built load by load."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt.golden_shop import load_by_load, utc
from tests.dbt.project import Project
from tests.dbt.warehouse import Warehouse, open_warehouse

pytestmark = [pytest.mark.sql, pytest.mark.slow]

FALL, SIXTH, EIGHTH, TENTH = date(2025, 11, 2), date(2026, 3, 6), date(2026, 3, 8), date(2026, 3, 10)
KNOWN, ASSUMED, UNKNOWN = "service_at_booking", "service_first_known", "unknown"
DESCRIBED = (
    "client_name",
    "scheduled_on",
    "duration_minutes",
    "seats",
    "price",
    "price_source",
    "status",
    "raw_status",
)
BOOKINGS = {
    "a1": ("Noah Reyes", FALL, 30, 1, 38, ASSUMED, "confirmed", "approved"),
    "a2": ("Theo Lang", FALL, 30, 1, 38, ASSUMED, "confirmed", "approved"),
    "a3": ("Noah Reyes", SIXTH, 30, 1, 38, KNOWN, "confirmed", "approved"),
    "a4:4": ("Noah Reyes", SIXTH, 30, 2, 84, KNOWN, "confirmed", "approved"),
    "a4:5": ("Ravi Menon", SIXTH, 30, 1, 42, KNOWN, "cancelled", "canceled"),
    "a5": ("Walk In", SIXTH, 30, 1, 20, KNOWN, "confirmed", "approved"),
    "a6": ("Walk In", SIXTH, 30, 1, 20, KNOWN, "confirmed", "approved"),
    "a7": ("Kei Sato", SIXTH, 30, 1, 42, KNOWN, "no_show", "no-show"),
    "a8": ("Theo Lang", SIXTH, 30, 1, 42, KNOWN, "no_show", "no_show"),
    "a9": ("Kei Sato", EIGHTH, 60, 1, 42, KNOWN, "confirmed", "approved"),
    "a10": ("Theo Lang", EIGHTH, 30, 1, 38, KNOWN, "confirmed", "approved"),
    "a12": (None, EIGHTH, 30, 1, 20, KNOWN, "confirmed", "approved"),
    "a13": ("Ravi Menon", EIGHTH, 30, 1, 42, KNOWN, "pending", "pending"),
    "a14": ("Noah Reyes", TENTH, 30, 1, 42, KNOWN, "confirmed", "approved"),
    "a15": ("Noah Reyes", EIGHTH, 30, 1, None, UNKNOWN, "confirmed", "approved"),
    "a16": ("Ravi Menon", EIGHTH, 30, 1, 42, KNOWN, "cancelled", "rejected"),
}
COUNTED = (
    *("external_appointments", "external_completed", "external_cancelled", "external_no_shows", "external_visits"),
    *("external_revenue", "external_unpriced", "external_avg_ticket", "external_new_clients"),
    "external_returning_clients",
)
PERIODS = {
    ("daily", FALL): (2, 2, 0, 0, 2, 76, 0, 38, 2, 0),
    ("daily", SIXTH): (7, 4, 1, 2, 3, 162, 0, 54, 0, 1),
    ("daily", EIGHTH): (6, 4, 1, 0, 4, 100, 1, 25, 1, 2),
    ("daily", TENTH): (1, 0, 0, 0, 0, 0, 0, None, 0, 0),
    ("weekly", date(2025, 10, 27)): (2, 2, 0, 0, 2, 76, 0, 38, 2, 0),
    ("weekly", date(2026, 3, 2)): (13, 8, 2, 2, 7, 262, 1, Decimal("37.429"), 1, 2),
    ("weekly", date(2026, 3, 9)): (1, 0, 0, 0, 0, 0, 0, None, 0, 0),
    ("monthly", date(2025, 11, 1)): (2, 2, 0, 0, 2, 76, 0, 38, 2, 0),
    ("monthly", date(2026, 3, 1)): (14, 8, 2, 2, 7, 262, 1, Decimal("37.429"), 1, 2),
}


def columns(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


@pytest.fixture(scope="module")
def golden(postgres_url: str, template_database: str, project: Project) -> Iterator[Warehouse]:
    """Return a warehouse that holds the whole story."""
    with open_warehouse(postgres_url, template_database, project) as warehouse:
        shop = warehouse.log.add_shop("America/New_York")
        for as_of in load_by_load(warehouse.log, shop):
            warehouse.project.run(as_of)
        yield warehouse


def test_every_booking_is_as_worked_out_by_hand(golden: Warehouse) -> None:
    appointments = {row["external_id"]: row for row in golden.mart("external_appointments")}
    assert {name: columns(row, *DESCRIBED) for name, row in appointments.items()} == BOOKINGS
    assert appointments["a1"]["created_at"] == utc(2, 1, 0)
    assert columns(appointments["a10"], "created_at", "updated_at") == (utc(3, 1, 7), utc(3, 9, 10))
    assert columns(appointments["a4:4"], "client_phone", "currency") == ("+1 (813) 555-0731", "USD")
    assert appointments["a4:4"]["external_data"]["bookings"][1]["status"] == "canceled"
    assert {name for name, row in appointments.items() if row["is_pseudo_client"]} == {"a5", "a6", "a12"}


def test_every_period_is_as_worked_out_by_hand(golden: Warehouse) -> None:
    periods = {(row["period_type"], row["date"]): row for row in golden.mart("integration_analytics")}
    assert {period: columns(row, *COUNTED) for period, row in periods.items()} == PERIODS
    assert periods["daily", FALL]["peak_hours"] == [{"hour": 1, "bookings": 2}]
    assert [tuple(entry.values()) for entry in periods["daily", SIXTH]["peak_hours"]] == [
        *((13, 2), (10, 1), (11, 1), (12, 1), (23, 1))
    ]
    assert periods["daily", EIGHTH]["popular_services"] == [
        {"service": "Skin Fade", "bookings": 3, "revenue": 80},
        {"service": "Beard", "bookings": 1, "revenue": 20},
        {"service": "Not Listed", "bookings": 1, "revenue": 0},
    ]
    assert {row["capacity_utilization"] for row in periods.values()} == {None}


def test_customers_keep_who_is_gone_and_add_up_who_came(golden: Warehouse) -> None:
    customers = {row["external_id"]: row for row in golden.mart("external_customers")}
    summed = ("first_name", "is_active", "total_appointments", "total_spent", "first_visited_on")
    assert {name: columns(row, *summed) for name, row in customers.items()} == {
        "731": ("Noah", True, 5, 160, FALL),
        "702": ("Theo", True, 3, 76, FALL),
        "640": ("Kei", True, 2, 42, EIGHTH),
        "655": ("Ravi", True, 1, 0, None),
        "99": ("Walk", True, 2, 40, None),
        "700": ("Left", False, 0, 0, None),
    }
    assert customers["731"]["phone_digits"] == "18135550731"
    assert columns(customers["731"], "first_appointment_at", "last_appointment_at") == (
        *(utc(11, 2, 5, 30, 2025), utc(3, 10, 15)),
    )


def test_services_and_employees_add_up_what_they_earned(golden: Warehouse) -> None:
    services = {row["external_id"]: row for row in golden.mart("external_services")}
    assert {
        name: columns(row, "name", "price", "booking_count", "total_revenue") for name, row in services.items()
    } == {
        "13": ("Skin Fade", 42, 10, 278),
        "14": ("Beard", 20, 3, 60),
    }
    employees = {row["external_id"]: row for row in golden.mart("external_employees")}
    worked = ("last_name", "is_active", "total_appointments", "total_revenue")
    assert {name: columns(row, *worked) for name, row in employees.items()} == {
        "5": ("Vance", True, 14, 338),
        "6": ("Cole", False, 0, 0),
    }
