"""`sixfb shop`: credentials are tested before they are stored, never shown, and replaced when connected again."""

import json

import pytest

from ingestion.control.database import connect
from simulator.server import Simulator
from simulator.shop import Shop
from tests.cli.conftest import Sixfb

pytestmark = pytest.mark.sql


def arguments(shop: Shop, url: str, *more: str) -> list[str]:
    where = ["--base-url", url, "--timezone", shop.timezone, "--currency", shop.currency]
    return ["shop", "connect", "--name", shop.name, *where, *more]


def secrets(shop: Shop) -> list[str]:
    return ["--client-id", shop.client_id, "--client-secret", shop.client_secret]


def test_a_connected_shop_is_listed_with_its_ids(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    connected = sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))
    [listed] = sixfb.json("shop", "list", "--json")
    assert listed["name"] == shop.name
    assert {name: listed[name] for name in connected} == connected
    assert (listed["timezone"], listed["currency"]) == (shop.timezone, shop.currency)
    assert shop.name in sixfb("shop", "list").stdout


def test_connecting_again_replaces_the_credentials_of_the_same_shop(
    sixfb: Sixfb, shop: Shop, simulator_url: str
) -> None:
    first = sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))
    assert sixfb.json(*arguments(shop, f"{simulator_url}/", *secrets(shop))) == first


def test_secrets_may_come_from_the_environment(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    environment = {"SIXFB_CLIENT_ID": shop.client_id, "SIXFB_CLIENT_SECRET": shop.client_secret}
    assert sixfb.json(*arguments(shop, simulator_url), **environment).keys() == {"barbershopId", "integrationId"}


def test_without_secrets_and_without_a_terminal_the_way_out_is_named(
    sixfb: Sixfb, shop: Shop, simulator_url: str
) -> None:
    result = sixfb(*arguments(shop, simulator_url))
    assert result.exit_code == 2
    assert "set SIXFB_CLIENT_ID, or give --client-id" in " ".join(result.stderr.split())


def test_rejected_credentials_are_not_stored_and_never_shown(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    result = sixfb(*arguments(shop, simulator_url, "--client-id", shop.client_id, "--client-secret", "hunter2-wrong"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Client authentication failed" in result.stderr
    assert "Copy Client ID and Client Secret again" in result.stderr
    assert "hunter2" not in result.output
    assert "Traceback" not in result.stderr
    with connect(sixfb.database_url) as connection:
        assert connection.execute("select count(*) from control.integrations").fetchone() == (0,)


def test_no_secret_is_printed_or_stored_in_clear(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    result = sixfb(*arguments(shop, simulator_url, *secrets(shop)))
    listed = sixfb("shop", "list", "--json")
    with connect(sixfb.database_url) as connection:
        stored = str(connection.execute("select credentials from control.integrations").fetchone())
    for place in (result.output, listed.output, stored):
        assert shop.client_id not in place
        assert shop.client_secret not in place


def test_an_address_that_is_not_the_api_is_explained(
    sixfb: Sixfb, shop: Shop, simulator: Simulator, simulator_url: str
) -> None:
    simulator.fail_next("token", html=True)
    result = sixfb(*arguments(shop, simulator_url, *secrets(shop)))
    assert result.exit_code == 1
    assert "this is not the API URL" in result.stderr


def test_loopback_is_refused_unless_it_is_allowed(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    result = sixfb(*arguments(shop, simulator_url, *secrets(shop)), ALLOW_LOOPBACK="false")
    assert result.exit_code == 1
    assert "ALLOW_LOOPBACK" in result.stderr


@pytest.mark.parametrize(
    ("option", "wrong", "hint"),
    [
        ("--timezone", "America/Newyork", "Did you mean America/New_York"),
        ("--timezone", "Tampa, Florida, where else?", "is no IANA time zone"),
        ("--currency", "dollars", "'dollars' is no currency code. Write it as USD or GBP."),
    ],
)
def test_a_wrong_detail_is_refused_with_a_hint(sixfb: Sixfb, shop: Shop, option: str, wrong: str, hint: str) -> None:
    result = sixfb(*arguments(shop, "https://x.admin.trafft.com", *secrets(shop), option, wrong))
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.replace("│", "").split())


def test_an_empty_list_says_how_to_connect(sixfb: Sixfb) -> None:
    assert sixfb.json("shop", "list", "--json") == []
    assert "sixfb shop connect" in sixfb("shop", "list").stderr


def test_a_database_that_others_use_is_not_migrated_in_passing(
    sixfb: Sixfb, shop: Shop, simulator_url: str, empty_database_url: str
) -> None:
    result = sixfb(*arguments(shop, simulator_url, *secrets(shop)), DATABASE_URL=empty_database_url)
    assert result.exit_code == 1
    assert "Run `sixfb migrate` first" in result.stderr
    assert json.dumps(shop.client_secret) not in result.stderr


def test_a_disconnected_shop_loses_its_credentials_and_is_listed_as_such(
    sixfb: Sixfb, shop: Shop, simulator_url: str
) -> None:
    connected = sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))
    result = sixfb("shop", "disconnect", connected["integrationId"][:8])
    assert result.exit_code == 0, result.output
    [listed] = sixfb.json("shop", "list", "--json")
    assert listed["status"] == "disconnected"


def test_markup_in_a_name_is_shown_as_it_is(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    named = ["--name", "Fade [/x] [bold]Barber"]
    sixfb.json(*arguments(shop, simulator_url, *secrets(shop), *named))
    for command in (("shop", "list"), ("status",)):
        result = sixfb(*command)
        assert result.exit_code == 0, result.output
        assert "[bold]" in result.output
