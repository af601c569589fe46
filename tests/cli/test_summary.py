"""The figures of a database whose marts were never built, and of a shop that no run came to."""

import pytest

from cli.summary import NO_TOTALS, summarise
from ingestion.control.database import connect
from ingestion.control.integrations import list_integrations
from simulator.shop import Shop
from tests.cli.conftest import Sixfb
from tests.cli.test_shop import arguments, secrets

pytestmark = pytest.mark.sql


def test_without_marts_there_are_no_figures_and_no_error(sixfb: Sixfb, shop: Shop, simulator_url: str) -> None:
    sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))
    with connect(sixfb.database_url) as connection:
        [summary] = summarise(connection, list_integrations(connection), "no such run")
    assert summary.totals == NO_TOTALS
    assert summary.totals.average_ticket is None
    assert summary.sync.status == "not synced"
    assert not summary.sync.is_complete
