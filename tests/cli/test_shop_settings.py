"""`sixfb shop set`, `pause` and `resume`: what is set is stored, shown, and refused when it cannot be meant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.records import Integration
from ingestion.control.shop_settings import ShopSettings
from tests.cli.conftest import Sixfb
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql


@pytest.fixture
def shop_id(sixfb: Sixfb) -> str:
    return insert_shop(sixfb.database_url, "Elite Cuts")


def stored(sixfb: Sixfb, shop_id: str) -> Integration:
    with connect(sixfb.database_url) as connection:
        return get_integration(connection, shop_id)


def test_everything_can_be_set_at_once_and_one_thing_alone(sixfb: Sixfb, shop_id: str) -> None:
    options = ["--hours", "9-19", "--full-at", "3", "--incremental-every", "2", "--customers-at", "8,20"]
    printed = sixfb.json("shop", "set", shop_id[:8], *options, "--page-size", "50", "--requests-per-minute", "60")
    expected = ShopSettings(
        opens_at=9,
        closes_at=19,
        full_at=3,
        incremental_hours=2,
        customers_at=(8, 20),
        page_size=50,
        requests_per_minute=60,
    )
    assert printed["integrationId"] == shop_id
    assert printed["settings"] == expected.document
    assert stored(sixfb, shop_id).settings == expected
    assert sixfb.json("shop", "set", shop_id, "--full-at", "4")["settings"] == {**expected.document, "fullAt": 4}


def test_cadences_are_switched_off(sixfb: Sixfb, shop_id: str) -> None:
    sixfb.json("shop", "set", shop_id, "--incremental-every", "off", "--customers-at", "off")
    settings = stored(sixfb, shop_id).settings
    assert (settings.incremental_hours, settings.customers_at) == (None, ())


def test_a_pause_ends_when_it_is_resumed_and_other_settings_stay(sixfb: Sixfb, shop_id: str) -> None:
    sixfb.json("shop", "set", shop_id, "--full-at", "5")
    assert sixfb("shop", "pause", shop_id).exit_code == 0
    assert stored(sixfb, shop_id).settings.paused
    resumed = sixfb("shop", "resume", shop_id)
    assert "Elite Cuts is synced again: whole at 5:00; hourly 8-20; customers at 9, 17." in resumed.stderr
    settings = stored(sixfb, shop_id).settings
    assert (settings.paused, settings.full_at) == (False, 5)
    assert settings.resumed_at is not None
    assert datetime.now(UTC) - settings.resumed_at < timedelta(minutes=1)


def test_the_list_and_the_status_show_them(sixfb: Sixfb, shop_id: str) -> None:
    sixfb("shop", "pause", shop_id)
    for document in (sixfb.json("shop", "list", "--json"), sixfb.json("status", "--json")["shops"]):
        assert document[0]["settings"] == ShopSettings(paused=True).document
    for command in (("shop", "list"), ("status",)):
        assert "paused" in sixfb(*command).output


def test_settings_that_cannot_be_meant_hide_no_other_shop_and_can_be_mended(sixfb: Sixfb, shop_id: str) -> None:
    other = insert_shop(sixfb.database_url, "Other")
    with connect(sixfb.database_url) as connection:
        connection.execute(
            "update control.integrations set sync_settings = %s where id = %s", ('{"fullAt": 99}', shop_id)
        )
    shown = {one["integrationId"]: one["settings"] for one in sixfb.json("shop", "list", "--json")}
    assert shown[shop_id]["error"].startswith("fullAt is 99; a whole number from 0 to 23 is expected. Correct it")
    assert shown[other] == ShopSettings().document
    assert sixfb("status").exit_code == sixfb("shop", "list").exit_code == 0
    refused = sixfb("shop", "pause", shop_id)
    assert "fullAt is 99" in refused.stderr
    assert sixfb.json("shop", "set", shop_id, "--full-at", "2")["settings"] == ShopSettings().document


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Nothing to set."),
        (["--hours", "nine to five"], "'nine to five' are no hours. Write them as 8-20."),
        (["--hours", "20-8"], "end at 8, before they begin at 20"),
        (["--hours", "8-25"], "businessHours.closesAt is 25"),
        (["--full-at", "24"], "not in the range 0<=x<=23"),
        (["--incremental-every", "0"], "'0' is no number of hours. Write 1 to 12, or off."),
        (["--customers-at", "9;17"], "'9;17' are no hours. Write them as 9,17, or off."),
        (["--customers-at", "9,24"], "customersAt is 24"),
        (["--page-size", "501"], "not in the range 1<=x<=500"),
        (["--webhook-dates", "ymd"], "'ymd' is not one of 'dmy', 'mdy'"),
        (["--requests-per-minute", "0"], "not in the range"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_changed(
    sixfb: Sixfb, shop_id: str, options: list[str], message: str
) -> None:
    before: Any = stored(sixfb, shop_id).sync_settings
    result = sixfb("shop", "set", shop_id, *options)
    assert result.exit_code in (1, 2)
    assert message in " ".join(result.stderr.replace("│", "").split())
    assert stored(sixfb, shop_id).sync_settings == before
