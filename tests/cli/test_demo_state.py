"""What the demo remembers between two starts."""

import json
import socket

import pytest

from cli.demo_state import DemoState, OtherDemo
from cli.home import Home
from cli.ports import LOOPBACK


def test_the_second_start_goes_on_with_the_first_ones_shops(home: Home) -> None:
    DemoState.open(home, seed=11, shops=3).keep(home)
    assert DemoState.open(home, seed=None, shops=None) == DemoState.open(home, seed=11, shops=3)
    assert DemoState.open(home, seed=None, shops=None).seed == 11


@pytest.mark.parametrize(("seed", "shops", "named"), [(12, None, "--seed 11, not 12"), (None, 2, "--shops 3, not 2")])
def test_other_shops_in_the_same_home_are_refused(home: Home, seed: int | None, shops: int | None, named: str) -> None:
    DemoState.open(home, seed=11, shops=3).keep(home)
    with pytest.raises(OtherDemo, match=f"{named}.*SIXFB_HOME"):
        DemoState.open(home, seed=seed, shops=shops)


def test_nothing_is_remembered_before_it_is_kept(home: Home) -> None:
    DemoState.open(home, seed=11, shops=3)
    assert DemoState.open(home, seed=12, shops=None).seed == 12


def test_a_taken_port_is_left_for_another_and_remembered(home: Home) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        state = DemoState(7, 2, taken).with_free_port()
    assert state.port != taken
    state.keep(home)
    assert json.loads(home.demo_state.read_text())["port"] == state.port
