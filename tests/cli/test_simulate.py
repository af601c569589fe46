"""`sixfb simulate`: what it prints is enough to connect, and the same seed gives the same shops."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.ports import LOOPBACK, answers, free_port
from cli.programs import program
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials
from ingestion.trafft.client import Policy, TrafftClient
from tests.cli.processes_of import eventually


@contextmanager
def simulating(port: int, *arguments: str) -> Iterator[str]:
    command = program("sixfb", "simulate", "--port", str(port), *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            assert eventually(lambda: answers(port))
            yield first
        finally:
            process.terminate()
            process.wait(10)


def test_the_announced_credentials_open_the_shop() -> None:
    port = free_port(18_600)
    arguments = ["--shops", "2", "--seed", "11", "--frozen-at", "2026-03-02T12:00:00Z", "--json"]
    with simulating(port, *arguments) as line:
        announced = json.loads(line)
        for shop in announced["shops"]:
            credentials = Credentials(Secret(shop["clientId"]), Secret(shop["clientSecret"]))
            with TrafftClient(announced["baseUrl"], credentials, policy=Policy(allow_loopback=True)) as client:
                assert client.page("appointments", 1).records
    with simulating(port, *arguments) as line:
        assert json.loads(line) == announced, "the same seed gives the same shops"


def test_a_person_is_told_how_to_connect() -> None:
    port = free_port(18_600)
    with simulating(port, "--shops", "1") as line:
        assert line == f"A false Trafft at http://{LOOPBACK}:{port} (Ctrl-C stops it). To connect a shop:\n"


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    port = free_port(18_600)
    with simulating(port, "--shops", "1"):
        result = CliRunner().invoke(main, ["simulate", "--port", str(port)])
    assert result.exit_code == 1
    assert "is taken by another program" in result.stderr


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01"])
def test_a_moment_that_is_none_is_refused(wrong: str) -> None:
    result = CliRunner().invoke(main, ["simulate", "--frozen-at", wrong])
    assert result.exit_code == 2
    assert "Write it as 2026-03-02T12:00:00Z" in result.stderr
