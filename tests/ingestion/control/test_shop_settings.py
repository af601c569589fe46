"""What may be set for a shop: read as it is stored, with defaults; refused with a reason when it cannot be meant."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.control.shop_settings import InvalidSettings, ShopSettings


def test_what_is_not_stored_has_its_default() -> None:
    # As the database makes it for a new shop.
    stored = {"syncInterval": "1h", "autoSync": True, "syncTypes": ["appointments"]}
    assert ShopSettings.of(stored) == ShopSettings.of({}) == ShopSettings()


def test_everything_can_be_stored_and_read_again() -> None:
    settings = ShopSettings(
        paused=True,
        opens_at=9,
        closes_at=19,
        full_at=3,
        incremental_hours=2,
        customers_at=(6, 22),
        page_size=50,
        requests_per_minute=60,
    )
    assert ShopSettings.of(settings.document) == settings


def test_cadences_can_be_switched_off() -> None:
    settings = ShopSettings.of({"syncInterval": "off", "customersAt": []})
    assert (settings.incremental_hours, settings.customers_at) == (None, ())
    assert ShopSettings.of(settings.document) == settings


def test_the_end_of_a_pause_is_a_moment() -> None:
    resumed = ShopSettings.of({"resumedAt": "2026-03-02T12:00:00+00:00"}).resumed_at
    assert resumed == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"fullAt": 24}, "fullAt is 24; a whole number from 0 to 23 is expected."),
        ({"fullAt": True}, "fullAt is True; a whole number from 0 to 23"),
        ({"fullAt": "2"}, "fullAt is '2'; a whole number"),
        ({"businessHours": {"opensAt": -1}}, "businessHours.opensAt is -1"),
        ({"businessHours": {"opensAt": 20, "closesAt": 8}}, "end at 8, before they begin at 20"),
        ({"businessHours": {"closesAt": 7}}, "end at 7, before they begin at 8"),
        ({"businessHours": "8-20"}, "businessHours is '8-20'; an object"),
        ({"syncInterval": "30m"}, "syncInterval is '30m'; 1h to 12h is expected, or off."),
        ({"syncInterval": "13h"}, "syncInterval is '13h'"),
        ({"syncInterval": 1}, "syncInterval is 1;"),
        ({"customersAt": 9}, "customersAt is 9; a list of hours"),
        ({"customersAt": [9, 99]}, "customersAt is 99"),
        ({"pageSize": 0}, "pageSize is 0; a whole number from 1 to 500 is expected."),
        ({"pageSize": 501}, "pageSize is 501"),
        ({"requestsPerMinute": 0}, "requestsPerMinute is 0; a number from 1 to 6000 is expected."),
        ({"requestsPerMinute": 6001}, "requestsPerMinute is 6001"),
        ({"requestsPerMinute": float("nan")}, "requestsPerMinute is nan"),
        ({"autoSync": "false"}, "autoSync is 'false'; true or false is expected."),
        ({"resumedAt": "yesterday"}, "resumedAt is 'yesterday'; a moment"),
        ({"resumedAt": "2026-03-02T12:00:00"}, "without an offset from UTC"),
        ([], "an object is expected"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_expected(stored: Any, message: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        ShopSettings.of(stored)
    assert message in str(refusal.value)
