"""Opening the one database, and taking its URL apart for the clients that want it in pieces."""

import re
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import TextLoader

from ingestion.secrets import Secret

OLDEST_SUPPORTED = 150_014
"""PostgreSQL 15.14, in libpq's numbering: the first 15 with the fixes of August 2025 (pg_dump runs foreign code)."""

_SCHEME = re.compile(r"\Apostgres(?:ql)?://")


class DatabaseError(Exception):
    """The database cannot be used as it is; the message says what to do."""


class InvalidDatabaseUrl(DatabaseError):
    """The URL is not one of PostgreSQL's. Never carries the URL, which holds a password."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"DATABASE_URL {reason}. Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with special characters percent-encoded."
        )


class UnsupportedServer(DatabaseError):
    """The server is too old."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"The database server is PostgreSQL {version // 10_000}.{version % 10_000}; 15.14 or newer is needed. "
            "Update the server, or unset DATABASE_URL to use the embedded one."
        )


@dataclass(frozen=True)
class ConnectionParts:
    """A database URL in pieces; `host` is the socket's directory when the URL names one."""

    host: str
    port: int
    user: str
    password: Secret
    dbname: str


def connect(url: str, *, autocommit: bool = False) -> psycopg.Connection:
    """Open a session that speaks UTC and reads uuids as text. Close it, or use it as a context manager."""
    options = _parameters(url).get("options", "")
    connection = psycopg.connect(
        url, autocommit=autocommit, application_name="sixfb", options=f"{options} -c timezone=UTC".strip()
    )
    connection.adapters.register_loader("uuid", TextLoader)
    return connection


def split_url(url: str) -> ConnectionParts:
    """Take the URL apart, `?host=` winning over the authority as it does in libpq. Raises `InvalidDatabaseUrl`."""
    parameters = _parameters(url)
    for name in ("user", "dbname"):
        if not parameters.get(name):
            raise InvalidDatabaseUrl(f"names no {'database' if name == 'dbname' else name}")
    port = parameters.get("port") or "5432"
    if not port.isdecimal():
        raise InvalidDatabaseUrl("names several ports or one that is no number; one server is expected")
    return ConnectionParts(
        host=parameters.get("host") or "localhost",
        port=int(port),
        user=parameters["user"],
        password=Secret(parameters.get("password", "")),
        dbname=parameters["dbname"],
    )


def sqlalchemy_url(url: str) -> str:
    """Return the URL for SQLAlchemy with psycopg2, the driver of Dagster, dbt and Great Expectations."""
    _parameters(url)
    return _SCHEME.sub("postgresql+psycopg2://", url, count=1)


def require_supported(connection: psycopg.Connection) -> None:
    """Raise `UnsupportedServer` when the server is older than what we test against."""
    if connection.info.server_version < OLDEST_SUPPORTED:
        raise UnsupportedServer(connection.info.server_version)


def _parameters(url: str) -> dict[str, str]:
    if not _SCHEME.match(url):
        raise InvalidDatabaseUrl("does not begin with postgresql://")
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # libpq's message quotes the URL, password included.
        raise InvalidDatabaseUrl("cannot be read") from None
    return {name: str(value) for name, value in parameters.items() if value is not None}
