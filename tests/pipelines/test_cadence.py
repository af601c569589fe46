"""Which shops are due."""

import pytest

from ingestion.control.records import Integration
from pipelines.cadence import due
from tests.pipelines.shops import integration


@pytest.mark.parametrize(
    ("shop", "is_due"),
    [
        (integration("active"), True),
        (integration("failed last time", "error"), True),
        (integration("never authenticated", "pending"), False),
        (integration("disconnected", "disconnected"), False),
        (integration("paused", settings={"autoSync": False}), False),
        (integration("without settings", settings={}), True),
    ],
    ids=lambda value: value.name if isinstance(value, Integration) else str(value),
)
def test_a_shop_is_due_when_it_is_connected_and_not_paused(shop: Integration, is_due: bool) -> None:
    assert due([shop]) == ([shop.id] if is_due else [])


def test_the_order_of_the_shops_is_kept() -> None:
    assert due([integration("b"), integration("a"), integration("c")]) == ["b", "a", "c"]
