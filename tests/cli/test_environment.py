"""What child processes are told: everything, absolutely, and the database as each client wants it."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from cli.environment import child_environment, dagster_url, without_secrets
from cli.home import Home
from ingestion.control.database import connect
from ingestion.secrets import Secret


def test_children_get_absolute_paths_and_the_database_in_pieces(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = Home.at(tmp_path_factory.mktemp("home"))
    url = "postgresql://ann:s%40fe@db.example:6432/sixfb"
    environment = child_environment(home, url, Secret("k1:abc"), allow_loopback=True)
    assert environment["SIXFB_HOME"] == str(home.root)
    assert environment["DAGSTER_HOME"] == str(home.dagster)
    pieces = [environment[f"SIXFB_DB_{name}"] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")]
    assert pieces == ["db.example", "6432", "ann", "s@fe", "sixfb"]
    assert environment["ENCRYPTION_KEY"] == "k1:abc"
    assert environment["ALLOW_LOOPBACK"] == "true"


def test_what_is_no_part_of_the_installation_gets_no_secret_of_it(tmp_path: Path) -> None:
    url = "postgresql://ann:s3cr3t-password@db.example:6432/sixfb"
    environment = child_environment(Home.at(tmp_path / "home"), url, Secret("k1:s3cr3t-key"), allow_loopback=True)
    assert "s3cr3t" in str(environment)
    public = without_secrets({**environment, "SIXFB_CLIENT_SECRET": "s3cr3t-too"})
    assert "s3cr3t" not in str(public)
    assert {"SIXFB_HOME", "ALLOW_LOOPBACK", "PATH"} <= public.keys()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:x@localhost:5432/sixfb?host=/tmp/socket",
        "postgresql://postgres:x@localhost:5432/sixfb",
        "postgresql://postgres:x@localhost/sixfb?options=-cwork_mem%3D8MB",
    ],
)
def test_dagsters_url_keeps_what_the_url_says_already(url: str) -> None:
    before, after = parse_qs(urlsplit(url).query), parse_qs(urlsplit(dagster_url(url)).query)
    assert after.pop("options")[0].endswith("-csearch_path=dagster")
    before.pop("options", None)
    assert after == before


@pytest.mark.sql
def test_dagsters_sessions_work_in_their_own_schema(empty_database_url: str) -> None:
    with connect(empty_database_url, autocommit=True) as connection:
        connection.execute("create schema dagster")
    with psycopg.connect(dagster_url(empty_database_url)) as connection:
        connection.execute("create table runs (id int)")
        row = connection.execute("select schemaname from pg_tables where tablename = 'runs'").fetchone()
    assert row == ("dagster",)
