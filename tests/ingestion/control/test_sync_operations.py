"""The history of syncs: visible while they run, closed exactly once, and closed for the dead."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ingestion.control.database import connect
from ingestion.control.records import Integration, SyncOperation
from ingestion.control.sync_operations import SyncNotRunning, close_abandoned, finish, history, progress, start
from tests.ingestion.control.shops import connected

pytestmark = pytest.mark.sql

SUMMARY = {
    "resources": {
        "appointments": {"seen": 120, "new": 7, "changed": 2, "gone": 0, "quarantined": 3, "complete": True},
        "customers": {"seen": 40, "new": 1, "changed": 0, "gone": 0, "quarantined": 0, "complete": True},
    },
    "phases": {"extract": 1.5, "load": 0.5},
    "requests": 3,
}


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Yield an autocommit session, as a sync uses it."""
    with connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def integration(connection: psycopg.Connection) -> Integration:
    """Return a connected shop."""
    return connected(connection)


def latest(connection: psycopg.Connection, integration: Integration) -> SyncOperation:
    """Return the latest sync as it is stored."""
    return history(connection, integration.id, limit=1)[0]


def test_a_sync_that_started_is_in_progress(connection: psycopg.Connection, integration: Integration) -> None:
    operation = start(connection, integration, "full", "run-1")
    assert operation == latest(connection, integration)
    assert (operation.status, operation.sync_type, operation.run_id) == ("in_progress", "full", "run-1")
    assert operation.barbershop_id == integration.barbershop_id
    assert operation.started_at is not None
    assert abs(operation.started_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_others_see_the_counts_while_it_runs(
    database_url: str, connection: psycopg.Connection, integration: Integration
) -> None:
    operation = start(connection, integration, "full")
    progress(connection, operation, SUMMARY)
    with connect(database_url) as other:
        seen = latest(other, integration)
    assert seen.summary == SUMMARY
    assert (seen.records_processed, seen.records_success, seen.records_failed) == (160, 157, 3)
    assert seen.status == "in_progress"


def test_a_finished_sync_says_how_it_went_and_how_long_it_took(
    connection: psycopg.Connection, integration: Integration
) -> None:
    finish(connection, start(connection, integration, "full"), status="partial", summary=SUMMARY)
    done = latest(connection, integration)
    assert (done.status, done.summary, done.errors) == ("partial", SUMMARY, [])
    assert done.completed_at is not None
    assert done.started_at is not None
    assert done.duration_seconds is not None
    assert float(done.duration_seconds) == (done.completed_at - done.started_at).total_seconds()


def test_a_failed_sync_keeps_the_counts_it_had(connection: psycopg.Connection, integration: Integration) -> None:
    operation = start(connection, integration, "full")
    progress(connection, operation, SUMMARY)
    finish(connection, operation, status="failed", errors=[{"error": "Boom", "message": "no"}])
    done = latest(connection, integration)
    assert (done.status, done.records_processed) == ("failed", 160)
    assert done.errors == [{"error": "Boom", "message": "no"}]


def test_a_sync_is_finished_once(connection: psycopg.Connection, integration: Integration) -> None:
    operation = start(connection, integration, "full")
    finish(connection, operation, status="success", summary=SUMMARY)
    with pytest.raises(SyncNotRunning):
        finish(connection, operation, status="failed")
    assert latest(connection, integration).status == "success"


def test_the_sync_of_a_dead_writer_is_closed(connection: psycopg.Connection, integration: Integration) -> None:
    operation = start(connection, integration, "full")
    progress(connection, operation, SUMMARY)
    assert close_abandoned(connection, integration.id) == 1
    closed = latest(connection, integration)
    assert (closed.status, closed.records_processed) == ("failed", 160)
    assert closed.errors[0]["error"] == "Abandoned"
    assert closed.completed_at is not None
    assert close_abandoned(connection, integration.id) == 0


def test_closing_the_abandoned_leaves_other_shops_alone(
    connection: psycopg.Connection, integration: Integration
) -> None:
    other = connected(connection, "Fade Away")
    running = start(connection, other, "full")
    assert close_abandoned(connection, integration.id) == 0
    assert latest(connection, other) == running


@pytest.mark.parametrize("late", ["progress", "finish"])
def test_a_writer_taken_for_dead_cannot_write_any_more(
    connection: psycopg.Connection, integration: Integration, late: str
) -> None:
    operation = start(connection, integration, "full")
    close_abandoned(connection, integration.id)
    start(connection, integration, "full")
    writes: dict[str, Any] = {
        "progress": lambda: progress(connection, operation, SUMMARY),
        "finish": lambda: finish(connection, operation, status="success", summary=SUMMARY),
    }
    with pytest.raises(SyncNotRunning, match=operation.id):
        writes[late]()
    assert [one.status for one in history(connection, integration.id)] == ["in_progress", "failed"]


def test_the_database_itself_refuses_a_second_running_sync(
    connection: psycopg.Connection, integration: Integration
) -> None:
    start(connection, integration, "full")
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_at_a_time"):
        start(connection, integration, "incremental")


def test_the_database_refuses_a_sync_under_another_shops_name(
    connection: psycopg.Connection, integration: Integration
) -> None:
    other = connected(connection, "Fade Away")
    mixed = "insert into control.sync_operations (integration_id, barbershop_id, sync_type) values (%s, %s, 'full')"
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(mixed, (integration.id, other.barbershop_id))


def test_the_history_begins_with_the_newest_and_is_bounded(
    connection: psycopg.Connection, integration: Integration
) -> None:
    syncs = []
    for _ in range(4):
        syncs.append(start(connection, integration, "incremental").id)
        finish(connection, latest(connection, integration), status="success")
    assert [one.id for one in history(connection, integration.id, limit=3)] == syncs[:0:-1]
    assert len(history(connection, integration.id)) == 4
