"""The checks of `sixfb doctor` that ask the database, and through it the shops' keys and booking systems."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg

from cli.database import Database
from cli.doctor import Check
from cli.installation import Installation
from cli.locks import running
from cli.marts import marts_state
from cli.migration import is_current
from ingestion.control.database import UnsupportedServer, connect, require_supported
from ingestion.control.integrations import NotConnected, credentials_of, list_integrations
from ingestion.control.records import Integration
from ingestion.control.vault import Vault, VaultError
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import Policy, TrafftClient
from ingestion.trafft.errors import TrafftError, TransientError

_SKEW = 5.0
"""Seconds. Which of two versions of a record is newer is decided by the clock, across syncs that are minutes apart."""


def database_checks(installation: Installation, database: Database) -> Iterator[Check]:
    """Look at the server, the schemas, the clock, and at each shop's credentials and booking system."""
    with connect(database.url, autocommit=True) as connection:
        yield _server(installation, connection)
        yield _clock(connection)
        if not is_current(database.url):
            yield Check("migrations", "fail", "the database is not at this version", "Run `sixfb migrate`.")
            return
        yield Check("migrations", "pass", "the database is at this version")
        yield from _shops(installation, connection)
        yield _marts(connection)


def _server(installation: Installation, connection: psycopg.Connection) -> Check:
    version, directory = connection.execute("select version(), current_setting('data_directory', true)").fetchall()[0]
    found = f"{version.partition(' on ')[0]}, {'embedded' if installation.embedded else 'behind DATABASE_URL'}"
    try:
        require_supported(connection)
    except UnsupportedServer as error:
        return Check("postgres", "fail", found, str(error))
    if installation.embedded and directory != str(installation.home.postgres_data):
        return Check("postgres", "fail", f"{found}, serving {directory}", "Stop that server: it is not this home's.")
    return Check("postgres", "pass", f"{found}, data in {directory}" if directory else found)


def _clock(connection: psycopg.Connection) -> Check:
    """Compare our clock with the server's, and with the newest thing that was written under it."""
    newest = "select clock_timestamp(), (select max(started_at) from control.sync_operations)"
    exists = connection.execute("select to_regclass('control.sync_operations') is not null").fetchone() == (True,)
    query = newest if exists else "select clock_timestamp(), null::timestamptz"
    server, last = connection.execute(query).fetchall()[0]
    now = datetime.now(UTC)
    if abs((server - now).total_seconds()) > _SKEW:
        found = f"this machine's clock is {(now - server).total_seconds():+.0f} s off the database server's"
        return Check("clock", "fail", found, "Set both by NTP: the clock decides which version of a record is newer.")
    if last is not None and last > now:
        found = f"a sync is recorded for {last:%Y-%m-%d %H:%M} UTC, which is in the future"
        return Check(
            "clock", "fail", found, "The clock was ahead, or has gone back. Set it by NTP before syncing again."
        )
    return Check("clock", "pass", f"{now:%Y-%m-%d %H:%M:%S} UTC, as the database server's")


def _marts(connection: psycopg.Connection) -> Check:
    trouble = marts_state(connection).trouble(datetime.now(UTC))
    if trouble:
        return Check("marts", "fail", trouble, "Mend what the check names; the next analytics run does the rest.")
    return Check("marts", "pass", "the marts show what was synced")


def _shops(installation: Installation, connection: psycopg.Connection) -> Iterator[Check]:
    shops = list_integrations(connection)
    if not shops:
        yield Check("shops", "warn", "no shop is connected", "Connect one with `sixfb shop connect`.")
        return
    try:
        vault = Vault.from_ring(installation.key_ring())
    except VaultError as error:
        yield Check("key", "fail", "the key ring cannot be used", str(error))
        return
    for shop in shops:
        if shop.status == "disconnected":
            yield Check(shop.name, "pass", "disconnected, so neither its key nor its Trafft is asked for")
        else:
            yield from _shop(installation, connection, vault, shop)


def _shop(
    installation: Installation, connection: psycopg.Connection, vault: Vault, shop: Integration
) -> Iterator[Check]:
    try:
        credentials = credentials_of(connection, vault, shop)
    except (VaultError, NotConnected) as error:
        yield Check(f"key of {shop.name}", "fail", "the credentials cannot be opened", str(error))
        return
    yield Check(f"key of {shop.name}", "pass", "the encryption key opens the credentials")
    yield _reach(shop, credentials, allow_loopback=_may_use_loopback(installation))
    if shop.status == "error":
        yield Check(f"last sync of {shop.name}", "warn", shop.last_error or "it failed", "`sixfb status` says more.")


def _may_use_loopback(installation: Installation) -> bool:
    """Whether syncs may call this machine: what runs decides, for it is what syncs; else the setting here."""
    up = running(installation.home) or {}
    return bool(up.get("allowLoopback", installation.settings.allow_loopback))


def _reach(shop: Integration, credentials: Credentials, *, allow_loopback: bool) -> Check:
    name = f"Trafft of {shop.name}"
    try:
        with TrafftClient(shop.base_url, credentials, policy=Policy(allow_loopback=allow_loopback)) as client:
            client.check()
    except TransientError as error:
        return Check(name, "warn", error.what, error.advice)
    except TrafftError as error:
        return Check(name, "fail", error.what, error.advice)
    return Check(name, "pass", f"{shop.base_url} answers, and takes the credentials")
