"""Connected shops: known again, their credentials sealed, their state told by their syncs."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import (
    InvalidShop,
    NotConnected,
    UnknownIntegration,
    credentials_of,
    disconnect,
    get_integration,
    list_integrations,
    mark_error,
    mark_synced,
)
from ingestion.control.vault import BrokenSeal, Vault
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials
from ingestion.trafft.base_url import InvalidBaseUrl
from tests.ingestion.control.shops import KEYS, connected

pytestmark = pytest.mark.sql

VAULT = Vault.from_ring(KEYS)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Yield a session."""
    with connect(database_url, autocommit=True) as connection:
        yield connection


def counts(connection: psycopg.Connection) -> tuple[int, ...]:
    """Return how many shops and integrations there are."""
    query = "select (select count(*) from control.barbershops), (select count(*) from control.integrations)"
    return connection.execute(query).fetchall()[0]


def test_a_connected_shop_is_ready_to_be_synced(connection: psycopg.Connection) -> None:
    integration = connected(connection)
    assert (integration.name, integration.provider, integration.status) == ("Elite Cuts", "trafft", "active")
    assert (integration.timezone, integration.currency) == ("America/New_York", "USD")
    assert integration.base_url == "https://elitecuts.admin.trafft.com"
    assert integration.sync_settings["autoSync"] is True
    assert integration.last_sync_at is None
    assert integration.authenticated_at is not None
    assert get_integration(connection, integration.id) == integration


def test_its_credentials_open_again(connection: psycopg.Connection) -> None:
    integration = connected(connection, client_secret="hush, hush")
    assert credentials_of(connection, VAULT, integration) == Credentials(Secret("client-4711"), Secret("hush, hush"))


def test_the_database_holds_no_credential_in_clear(connection: psycopg.Connection) -> None:
    connected(connection, client_secret="hush, hush")
    rows = connection.execute("select to_jsonb(i) from control.integrations as i").fetchall()
    text = json.dumps(rows)
    assert "hush" not in text
    assert "client-4711" not in text
    assert '"client_id": "4711"' in text


def test_connecting_again_changes_the_same_shop(connection: psycopg.Connection) -> None:
    first = connected(connection, client_secret="old")
    again = connected(
        connection,
        " Elite  Cuts ",
        base_url="https://EliteCuts.admin.trafft.com/api/v2/",
        client_secret="new",
        timezone="Europe/Berlin",
        currency="EUR",
    )
    assert again.id == first.id
    assert again.barbershop_id == first.barbershop_id
    assert (again.timezone, again.currency) == ("Europe/Berlin", "EUR")
    assert credentials_of(connection, VAULT, first).client_secret == Secret("new")
    assert counts(connection) == (1, 1)


def test_another_address_is_another_shop(connection: psycopg.Connection) -> None:
    connected(connection)
    connected(connection, base_url="https://other.admin.trafft.com")
    assert counts(connection) == (2, 2)
    assert len(list_integrations(connection)) == 2


def test_one_account_under_another_name_is_the_same_shop_renamed(connection: psycopg.Connection) -> None:
    first = connected(connection)
    again = connected(connection, "ELITE CUTS & Co", base_url=first.base_url)
    assert (again.id, again.name, again.barbershop.name) == (first.id, "ELITE CUTS & Co", "ELITE CUTS & Co")
    assert counts(connection) == (1, 1)


def test_accounts_of_the_simulator_share_an_address_and_differ_by_name(connection: psycopg.Connection) -> None:
    for name in ("Elite Cuts", "Fade Away", "elite cuts"):
        connected(connection, name, base_url="http://127.0.0.1:8600")
    assert counts(connection) == (2, 2)


def test_a_disconnected_shop_keeps_its_record_and_loses_its_credentials(connection: psycopg.Connection) -> None:
    integration = connected(connection)
    disconnect(connection, integration.id)
    assert get_integration(connection, integration.id).status == "disconnected"
    with pytest.raises(NotConnected):
        credentials_of(connection, VAULT, integration)
    assert connected(connection).status == "active"


def test_a_shop_connected_twice_at_once_is_one_shop(database_url: str) -> None:
    def connect_it(_: int) -> str:
        with connect(database_url) as connection:
            return connected(connection).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(connect_it, range(16)))) == 1


def test_connecting_on_a_plain_session_is_kept_only_when_that_commits(database_url: str) -> None:
    with connect(database_url) as connection:
        connection.execute("select 1")
        integration = connected(connection)
        connection.rollback()
    with connect(database_url) as connection, pytest.raises(UnknownIntegration):
        get_integration(connection, integration.id)


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"name": " "}, "needs a name"),
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"timezone": ""}, "'' is no time zone"),
        ({"timezone": "../etc/passwd"}, "is no time zone"),
        ({"currency": "usd"}, "'usd' is no currency"),
        ({"currency": "DOLLAR"}, "'DOLLAR' is no currency"),
        ({"currency": "ÄÖÜ"}, "is no currency"),
    ],
)
def test_a_wrong_detail_is_refused(connection: psycopg.Connection, details: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidShop, match=message):
        connected(connection, **{"name": "Elite Cuts", **details})
    assert counts(connection) == (0, 0)


def test_a_wrong_address_is_refused(connection: psycopg.Connection) -> None:
    with pytest.raises(InvalidBaseUrl):
        connected(connection, base_url="https://elitecuts.admin.trafft.com/login")


@pytest.mark.parametrize("unknown", ["0d6f1c9e-0000-4000-8000-000000000001", "nonsense", ""])
def test_an_unknown_integration_is_named(connection: psycopg.Connection, unknown: str) -> None:
    with pytest.raises(UnknownIntegration, match=f"'{unknown}'"):
        get_integration(connection, unknown)


def test_an_error_is_kept_until_a_sync_goes_through(connection: psycopg.Connection) -> None:
    integration = connected(connection)
    mark_error(connection, integration.id, "no " * 1_000)
    broken = get_integration(connection, integration.id)
    assert broken.status == "error"
    assert broken.last_error is not None
    assert len(broken.last_error) == 2_000
    mark_synced(connection, integration.id)
    mended = get_integration(connection, integration.id)
    assert (mended.status, mended.last_error) == ("active", None)
    assert mended.last_sync_at is not None
    began = datetime(2026, 3, 2, 12, tzinfo=UTC)
    mark_synced(connection, integration.id, at=began)
    assert get_integration(connection, integration.id).last_sync_at == began


def test_a_disconnected_shop_stays_disconnected(connection: psycopg.Connection) -> None:
    integration = connected(connection)
    connection.execute("update control.integrations set status = 'disconnected'")
    mark_error(connection, integration.id, "late")
    mark_synced(connection, integration.id)
    assert get_integration(connection, integration.id).status == "disconnected"


def test_credentials_moved_to_another_shop_do_not_open(connection: psycopg.Connection) -> None:
    connected(connection)
    other = connected(connection, "Fade Away")
    connection.execute(
        "update control.integrations set credentials = (select credentials from control.integrations where id <> %s)",
        (other.id,),
    )
    with pytest.raises(BrokenSeal, match=other.id):
        credentials_of(connection, VAULT, other)


def test_a_shop_without_credentials_says_so(connection: psycopg.Connection) -> None:
    integration = connected(connection)
    connection.execute("update control.integrations set credentials = null")
    with pytest.raises(NotConnected, match="Connect the shop again"):
        credentials_of(connection, VAULT, integration)
