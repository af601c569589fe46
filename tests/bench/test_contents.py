"""The comparison of contents: the same rows in any order are the same, and one letter elsewhere is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import Connection

from bench.account import InMemory
from bench.contents import contents, require_records, require_same
from bench.errors import ContentsDiffer
from ingestion.control.database import connect
from ingestion.trafft.models import APPOINTMENTS
from tests.ingestion.raw_log import open_raw_log

pytestmark = pytest.mark.sql

RECORDS = [
    b'{"id":1,"start_date_time":"2026-03-02 14:30:00","note":"a"}',
    b'{"id":2,"start_date_time":"2026-03-02 15:30:00","note":"b"}',
]


@pytest.fixture
def connection(empty_database_url: str) -> Iterator[Connection]:
    with connect(empty_database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def loaded_url(database_url: str, tmp_path: Path) -> str:
    with open_raw_log(database_url, tmp_path) as log:
        log.look(APPOINTMENTS, [json.loads(record) for record in RECORDS])
    return database_url


def test_the_order_of_rows_does_not_matter(connection: Connection) -> None:
    first = contents(connection, "select * from (values (1, 'a', null), (2, 'b', 'c')) as t")
    assert first == contents(connection, "select * from (values (2, 'b', 'c'), (1, 'a', null)) as t")
    assert first.rows == 2


@pytest.mark.parametrize("other", ["(1, 'a', null), (2, 'b', 'd')", "(1, 'a', ''), (2, 'b', 'c')", "(1, 'a', null)"])
def test_a_difference_in_any_column_is_seen(connection: Connection, other: str) -> None:
    first = "select * from (values (1, 'a', null), (2, 'b', 'c')) as t"
    assert contents(connection, first) != contents(connection, f"select * from (values {other}) as t")


def test_nothing_is_compared_as_nothing(connection: Connection) -> None:
    assert str(contents(connection, "select 1 where false")) == "0 rows with checksum 0"


def test_different_contents_are_refused_with_both_sums(empty_database_url: str) -> None:
    require_same(empty_database_url, "Two constants", "select 1", "select 1")
    with pytest.raises(ContentsDiffer, match=r"Two constants differ: 1 rows with checksum .+ against 1 rows"):
        require_same(empty_database_url, "Two constants", "select 1", "select 2")


def test_a_log_with_the_listed_records_is_accepted(loaded_url: str) -> None:
    require_records(loaded_url, InMemory(RECORDS))


@pytest.mark.parametrize(
    "listed",
    [
        [RECORDS[0], RECORDS[1].replace(b'"b"', b'"c"')],
        [RECORDS[0]],
        [*RECORDS, b'{"id":3,"start_date_time":"2026-03-02 16:30:00"}'],
    ],
    ids=["another note", "one row more", "one row less"],
)
def test_a_log_with_other_records_is_refused(loaded_url: str, listed: list[bytes]) -> None:
    with pytest.raises(ContentsDiffer):
        require_records(loaded_url, InMemory(listed))
