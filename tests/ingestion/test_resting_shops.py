"""Whole syncs of shops whose accounts keep failing: left alone, tried again, and back in order."""

from pathlib import Path

import pytest

from ingestion.control.circuits import CircuitOpen
from ingestion.control.database import connect
from ingestion.trafft.errors import AuthenticationFailed, UnexpectedResponse
from simulator.server import Simulator
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql


@pytest.fixture
def connected(shop: Shop, simulator_url: str, database_url: str, tmp_path: Path) -> ConnectedShop:
    return connect_simulated(shop, simulator_url, database_url, tmp_path)


def test_a_shop_that_keeps_failing_is_left_alone_and_comes_back_by_itself(
    connected: ConnectedShop, simulator: Simulator
) -> None:
    simulator.fail_next("token", times=10, html=True)
    for _ in range(3):
        with pytest.raises(UnexpectedResponse):
            connected.sync()
    asked = len(simulator.requests)
    with pytest.raises(CircuitOpen, match="3 syncs in a row failed"):
        connected.sync()
    assert len(simulator.requests) == asked, "a shop that is left alone is not asked"
    ((status, last_error),) = connected.rows("select status, last_error from control.integrations")
    assert status == "error"
    assert "no sync asks this account again before" in last_error
    simulator.clear_faults()
    with connect(connected.installation.url) as connection:
        connection.execute("update control.circuits set retry_at = now()")
    assert connected.sync().status == "success"
    assert connected.rows("select count(*) from control.circuits") == [(0,)]


def test_refused_credentials_are_not_tried_again_until_the_shop_is_connected_anew(
    connected: ConnectedShop, simulator: Simulator, simulator_url: str, tmp_path: Path
) -> None:
    simulator.fail_next("token", times=5, status=401)
    with pytest.raises(AuthenticationFailed):
        connected.sync()
    with pytest.raises(CircuitOpen) as refusal:
        connected.sync()
    assert "Client ID and Client Secret" in refusal.value.advice
    simulator.clear_faults()
    connect_simulated(connected.shop, simulator_url, connected.installation.url, tmp_path)
    assert connected.sync().status == "success"
