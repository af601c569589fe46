"""Connecting the demo's shops, again and again, and telling how far their syncs are."""

import io

import psutil
import pytest
from rich.console import Console

from cli.demo_shops import (
    SimulatedTrafft,
    connect_shops,
    disconnect_shops,
    simulated_trafft,
    start_simulator,
)
from cli.demo_state import DemoState
from cli.environment import child_environment
from cli.following import Follower
from cli.home import Home
from cli.ports import free_port
from cli.progress import Progress
from cli.supervisor import Supervisor
from ingestion.control import sync_operations
from ingestion.control.database import connect
from ingestion.control.integrations import list_integrations
from ingestion.secrets import Secret
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.cli.conftest import KEY_RING

pytestmark = pytest.mark.sql


def announced(url: str, shop: Shop) -> SimulatedTrafft:
    facts = {"clientId": shop.client_id, "clientSecret": shop.client_secret}
    return SimulatedTrafft(url, [{"name": shop.name, "timezone": shop.timezone, "currency": shop.currency, **facts}])


def test_a_shop_follows_the_simulator_to_another_port(database_url: str, shop: Shop, simulator: Simulator) -> None:
    connected = []
    for _ in range(2):
        with running(simulator) as url:
            [integration] = connect_shops(database_url, Secret(KEY_RING), announced(url, shop))
            assert integration.base_url == url
            connected.append(integration)
    assert connected[0].base_url != connected[1].base_url
    assert connected[0].id == connected[1].id
    with connect(database_url) as connection:
        assert len(list_integrations(connection)) == 1


def test_simulated_shops_rest_until_the_next_demo(database_url: str, shop: Shop, simulator_url: str) -> None:
    trafft = announced(simulator_url, shop)
    connect_shops(database_url, Secret(KEY_RING), trafft)
    assert disconnect_shops(database_url) == [shop.name]
    assert disconnect_shops(database_url) == []
    [connected] = connect_shops(database_url, Secret(KEY_RING), trafft)
    assert connected.status == "active"


def test_the_simulator_s_process_holds_neither_the_keys_nor_the_database(home: Home) -> None:
    state = DemoState(seed=7, shops=1, port=free_port(8600))
    url = "postgresql://ann:s3cr3t-password@db.example:6432/sixfb"
    environment = child_environment(home, url, Secret("k1:s3cr3t-key"), allow_loopback=True)
    with Supervisor(home) as supervisor:
        simulator = start_simulator(supervisor, state, environment, frozen_at=None)
        assert len(simulated_trafft(supervisor, simulator, state).shops) == 1
        held = psutil.Process(simulator.process.pid).environ()
    assert held["SIXFB_HOME"] == str(home.root)
    assert "s3cr3t" not in str(held)
    assert not {"ENCRYPTION_KEY", "DATABASE_URL"} & held.keys()


def test_a_sync_is_told_once_when_it_ends(database_url: str, shop: Shop, simulator_url: str) -> None:
    [integration] = connect_shops(database_url, Secret(KEY_RING), announced(simulator_url, shop))
    console = Console(file=io.StringIO())
    with (
        connect(database_url, autocommit=True) as connection,
        Follower(database_url, [integration], Progress(console)) as follower,
    ):
        follower.look()
        operation = sync_operations.start(connection, integration, "full")
        follower.look()
        summary = {"resources": {"appointments": {"seen": 1234}}}
        sync_operations.finish(connection, operation, status="success", summary=summary)
        follower.look()
        follower.look()
    assert isinstance(console.file, io.StringIO)
    [line] = console.file.getvalue().splitlines()
    assert line.endswith(f"{shop.name}: 1,234 records read (success)")
