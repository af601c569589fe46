"""Database URLs: one shape for all clients, and sessions that speak UTC."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingestion.control.database import (
    ConnectionParts,
    InvalidDatabaseUrl,
    connect,
    split_url,
    sqlalchemy_url,
)
from ingestion.secrets import Secret

SOCKET = "postgresql://postgres:x@localhost:5432/sixfb?host=/run/my%20sockets"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgresql://me:pw@db.example:5433/shop", ("db.example", 5433, "me", "pw", "shop")),
        ("postgres://me:p%40w%2F@db.example/shop", ("db.example", 5432, "me", "p@w/", "shop")),
        ("postgresql://me@/shop", ("localhost", 5432, "me", "", "shop")),
        (SOCKET, ("/run/my sockets", 5432, "postgres", "x", "sixfb")),
        ("postgresql://me:pw@[::1]:5432/shop?sslmode=require", ("::1", 5432, "me", "pw", "shop")),
    ],
)
def test_a_url_comes_apart(url: str, parts: tuple[str, int, str, str, str]) -> None:
    host, port, user, password, dbname = parts
    assert split_url(url) == ConnectionParts(host, port, user, Secret(password), dbname)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://me:hush@db/shop", "does not begin"),
        ("postgresql://me:hush@db:port/shop", "no number"),
        ("postgresql://me:hush@a,b:1,2/shop", "several ports"),
        ("postgresql://me:hush@db", "names no database"),
        ("postgresql:///shop?password=hush", "names no user"),
        ("postgresql://me:hush@db/shop?nonsense=1", "cannot be read"),
        ("postgresql://me:hush%ZZ@db/shop", "cannot be read"),
    ],
)
def test_a_wrong_url_is_refused_without_being_shown(url: str, reason: str) -> None:
    with pytest.raises(InvalidDatabaseUrl, match=reason) as refusal:
        split_url(url)
    assert "hush" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_the_parts_hide_the_password() -> None:
    assert "hush" not in repr(split_url("postgresql://me:hush@db/shop"))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_sqlalchemy_gets_its_driver_and_keeps_the_rest(scheme: str) -> None:
    url = SOCKET.replace("postgresql", scheme, 1)
    assert sqlalchemy_url(url) == SOCKET.replace("postgresql", "postgresql+psycopg2", 1)


@pytest.mark.sql
def test_a_session_speaks_utc_and_keeps_the_urls_own_options(database_url: str) -> None:
    with connect(f"{database_url}&options=-c%20statement_timeout%3D7s") as connection:
        row = connection.execute(
            "select timestamptz '2026-07-01 12:00+02', current_setting('timezone'),"
            " current_setting('statement_timeout'), current_setting('application_name')"
        ).fetchone()
    assert row == (datetime(2026, 7, 1, 10, tzinfo=UTC), "UTC", "7s", "sixfb")
    assert row[0].tzinfo is not None


@pytest.mark.sql
def test_a_session_reads_ids_as_text(database_url: str) -> None:
    with connect(database_url) as connection:
        row = connection.execute("select gen_random_uuid()").fetchone()
    assert row is not None
    assert row[0] == str(UUID(row[0]))
