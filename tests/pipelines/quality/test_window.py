"""Which rows the gate looks at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import Connection

from ingestion.control.database import connect
from pipelines.quality.window import CLOCK_DIFFERENCE, loads_since
from tests.pipelines.quality.rows import complete, land

pytestmark = pytest.mark.sql
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, autocommit=True) as connection:
        yield connection


def ids_in(connection: Connection, moment: datetime | None) -> list[str]:
    window = loads_since(connection, "raw_trafft", moment)
    relation = window.relation(connection, "customers")
    return [row[0] for row in connection.execute(f"select external_id from {relation} order by 1")]


def test_the_first_window_holds_every_completed_load(connection: Connection) -> None:
    for number in ("1", "2"):
        land(connection, "customers", number, load=number)
        complete(connection, number)
    assert ids_in(connection, None) == ["1", "2"]
    assert loads_since(connection, "raw_trafft", None).count(connection, "customers") == 2


def test_a_load_that_was_killed_is_not_looked_at(connection: Connection) -> None:
    land(connection, "customers", "1", load="killed")
    land(connection, "customers", "2", load="unfinished")
    complete(connection, "unfinished", status=1)
    land(connection, "customers", "3", load="whole")
    complete(connection, "whole")
    assert ids_in(connection, None) == ["3"]


def test_a_later_window_begins_where_the_last_one_ended(connection: Connection) -> None:
    for name, moment in (("old", NOON - timedelta(hours=1)), ("new", NOON + timedelta(minutes=1))):
        land(connection, "customers", name, load=name)
        complete(connection, name, at=moment.isoformat())
    assert ids_in(connection, NOON) == ["new"]
    assert loads_since(connection, "raw_trafft", NOON).until == NOON + timedelta(minutes=1)


def test_a_load_stamped_by_a_clock_that_lags_is_not_missed(connection: Connection) -> None:
    land(connection, "customers", "late", load="late")
    complete(connection, "late", at=(NOON - CLOCK_DIFFERENCE + timedelta(seconds=1)).isoformat())
    assert ids_in(connection, NOON) == ["late"]


def test_a_window_without_loads_keeps_its_mark(connection: Connection) -> None:
    window = loads_since(connection, "raw_trafft", NOON)
    assert (window.load_ids, window.until) == ([], NOON)
    assert window.count(connection, "customers") == 0
