"""Choosing a loopback port."""

import socket

import pytest

from cli.errors import CommandError
from cli.ports import LOOPBACK, answers, free_port, is_free


def test_a_taken_port_gives_way_to_the_next() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        assert not is_free(taken)
        assert answers(taken)
        assert taken < free_port(taken) < taken + 50


def test_a_port_meant_for_another_of_ours_is_skipped() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    assert free_port(port, used=frozenset({port})) > port
    assert not answers(port)


def test_no_free_port_is_an_error_with_advice() -> None:
    with pytest.raises(CommandError, match="Choose another with --port"):
        free_port(65_535, used=frozenset({65_535}))
