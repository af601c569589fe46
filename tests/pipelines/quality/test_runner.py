"""The suites on a real PostgreSQL: good rows pass, each kind of bad row is found by the expectation meant for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection

from ingestion.control.database import connect, sqlalchemy_url
from pipelines.quality.runner import SAMPLE_ROWS, SuiteFailed, Verdict, validate
from pipelines.quality.suites import load_suite
from tests.pipelines.quality.rows import TABLES, add_period, create_figures, land

pytestmark = [pytest.mark.sql, pytest.mark.slow]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, autocommit=True) as connection:
        yield connection


def verdict_on(database_url: str, table: str) -> Verdict:
    return validate(load_suite(f"raw_{table}"), f"raw_trafft.{table}", url=sqlalchemy_url(database_url))


def found(verdict: Verdict) -> list[tuple[str, str, int]]:
    """Return column, severity and number of rows of each failure."""
    return [
        (finding.expectation.kwargs["column"], finding.expectation.severity, finding.unexpected)
        for finding in verdict.failures
    ]


@pytest.mark.parametrize("table", TABLES)
def test_good_versions_and_tombstones_pass(connection: Connection, database_url: str, table: str) -> None:
    land(connection, table, "1")
    nothing: dict[str, Any] = dict.fromkeys(TABLES[table])
    land(connection, table, "2", op="gone", row_hash=None, payload=None, **nothing)
    verdict = verdict_on(database_url, table)
    assert found(verdict) == []
    assert len(verdict.findings) == len(load_suite(f"raw_{table}").expectations)


@pytest.mark.parametrize(
    ("table", "spoilt", "column", "severity"),
    [
        ("customers", {"barbershop_id": None}, "barbershop_id", "critical"),
        ("customers", {"barbershop_id": "Fade & Co"}, "barbershop_id", "critical"),
        ("customers", {"integration_id": None}, "integration_id", "critical"),
        ("customers", {"row_hash": None}, "hash_fits_op", "critical"),
        ("customers", {"op": "gone", "payload": None}, "hash_fits_op", "critical"),
        ("customers", {"row_hash": "abc"}, "row_hash", "critical"),
        ("customers", {"op": None, "payload": "{}"}, "op", "critical"),
        ("customers", {"op": "deleted"}, "op", "critical"),
        ("customers", {"origin": None}, "origin", "critical"),
        ("customers", {"origin": "rumour"}, "origin", "critical"),
        ("customers", {"observed_at": None}, "observed_at", "critical"),
        ("customers", {"observed_at": "2999-01-01T00:00:00Z"}, "observed_in_the_past", "critical"),
        ("customers", {"sync_id": None}, "sync_id", "critical"),
        ("customers", {"payload": None}, "payload_fits_op", "critical"),
        ("customers", {"op": "gone", "row_hash": None}, "payload_fits_op", "critical"),
        ("customers", {"first_name": None, "email": None}, "can_be_recognised", "warning"),
        ("appointments", {"starts_at": None, "ends_at": None}, "has_a_start", "critical"),
        ("appointments", {"ends_at": "2026-03-02T14:59:00Z"}, "ends_after_its_start", "critical"),
        ("appointments", {"starts_at": "1970-01-01T00:00:00Z"}, "starts_in_a_plausible_year", "warning"),
        ("appointments", {"status": "vanished"}, "status", "warning"),
        ("services", {"price": -1}, "price", "warning"),
        ("services", {"duration_minutes": 0}, "duration_minutes", "warning"),
        ("services", {"duration_minutes": 1800}, "duration_minutes", "warning"),
        ("services", {"name": None}, "has_a_name", "warning"),
        ("employees", {"first_name": None}, "has_a_name", "warning"),
        ("locations", {"name": None}, "has_a_name", "warning"),
    ],
    ids=str,
)
def test_a_bad_row_is_found(
    connection: Connection, database_url: str, table: str, spoilt: dict[str, Any], column: str, severity: str
) -> None:
    land(connection, table, "1")
    land(connection, table, "2", **spoilt)
    verdict = verdict_on(database_url, table)
    assert found(verdict) == [(column, severity, 1)]
    assert verdict.is_critical is (severity == "critical")
    assert verdict.failures[0].sample[0]["external_id"] == "2"


def test_an_id_that_is_missing_is_found(connection: Connection, database_url: str) -> None:
    land(connection, "customers", None)
    assert found(verdict_on(database_url, "customers")) == [("external_id", "critical", 1)]


@pytest.mark.parametrize("status", ["Approved", "PENDING", "canceled", "rejected", "no-show", "no_show"])
def test_every_spelling_of_a_known_status_passes(connection: Connection, database_url: str, status: str) -> None:
    land(connection, "appointments", "1", status=status)
    assert found(verdict_on(database_url, "appointments")) == []


def test_whatever_is_quarantined_is_a_warning(connection: Connection, database_url: str) -> None:
    land(connection, "quarantine", "9")
    assert found(verdict_on(database_url, "quarantine")) == [("could_be_read", "warning", 1)]


def test_the_sample_is_bounded_and_holds_ids_alone(connection: Connection, database_url: str) -> None:
    for number in range(SAMPLE_ROWS + 5):
        land(connection, "customers", str(number), op="deleted")
    (failure,) = verdict_on(database_url, "customers").failures
    assert failure.unexpected == SAMPLE_ROWS + 5
    assert len(failure.sample) == SAMPLE_ROWS
    assert {tuple(row) for row in failure.sample} == {("integration_id", "external_id", "sync_id")}


@pytest.mark.parametrize(
    ("spoilt", "column", "severity"),
    [
        ({"external_cancelled": 9}, "parts_fit_the_whole", "critical"),
        ({"external_revenue": -70, "external_avg_ticket": -35}, "revenue_is_not_negative", "critical"),
        ({"external_avg_ticket": 36}, "ticket_times_visits_is_revenue", "critical"),
        ({"external_new_clients": 3}, "clients_fit_the_bookings", "critical"),
        ({"date": "2999-01-01"}, "nothing_is_completed_tomorrow", "critical"),
        ({"external_unpriced": 2}, "most_bookings_have_a_price", "warning"),
        (
            {"external_completed": 0, "external_new_clients": 0, "external_returning_clients": 0},
            "revenue_needs_a_completed_booking",
            "critical",
        ),
    ],
    ids=str,
)
def test_a_period_whose_figures_disagree_is_found(
    connection: Connection, database_url: str, spoilt: dict[str, Any], column: str, severity: str
) -> None:
    create_figures(connection)
    add_period(connection, date="2026-03-01")
    add_period(connection, **spoilt)
    suite = load_suite("analytics_integration_analytics")
    verdict = validate(suite, "analytics.integration_analytics", url=sqlalchemy_url(database_url))
    assert found(verdict) == [(column, severity, 1)]
    assert verdict.failures[0].sample[0]["period_type"] == "daily"


def test_a_suite_that_does_not_fit_its_table_is_no_verdict_on_the_data(database_url: str) -> None:
    with pytest.raises(SuiteFailed, match="beard"):
        validate(load_suite("raw_locations"), "raw_trafft.beard", url=sqlalchemy_url(database_url))
