"""`sixfb up` as a person uses it: a shop is connected and synced through it, and Ctrl-C leaves nothing behind."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.dagster_ui import DagsterUi
from cli.embedded_postgres import embedded_postgres
from cli.environment import inherited
from cli.ports import free_port
from cli.processes import marked
from cli.programs import program
from ingestion.control.database import connect
from simulator.server import Simulator
from simulator.shop import Shop
from tests.cli.processes_of import eventually, lives
from tests.cli.test_shop import arguments, secrets

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@dataclass(frozen=True)
class Installation:
    """A running `sixfb up`."""

    root: Path
    process: subprocess.Popen[str]
    environment: dict[str, str]

    def __call__(self, *command: str) -> Any:
        """Run another command on the same home, which must succeed, and return its document."""
        answer = subprocess.run(
            program("sixfb", *command), env=self.environment, cwd=self.root, capture_output=True, text=True
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    @property
    def marker(self) -> str:
        [record] = (self.root / "supervisors").iterdir()
        return record.stem


@pytest.fixture
def up() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="sixfb-up-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        environment = {**inherited(), "SIXFB_HOME": folder, "DATABASE_URL": "", "ALLOW_LOOPBACK": "true"}
        process = subprocess.Popen(
            program("sixfb", "up", "--port", str(free_port(13_000))),
            env=environment,
            cwd=root,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if line.startswith("Ready: "):
                    break
            else:
                pytest.fail(f"sixfb up did not come up:\n{''.join(said)}")
            yield Installation(root, process, environment)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_a_shop_is_synced_through_the_running_installation_and_ctrl_c_leaves_nothing(
    up: Installation, shop: Shop, simulator: Simulator, simulator_url: str
) -> None:
    connected = up(*arguments(shop, simulator_url, *secrets(shop)))
    outcome = up("sync", connected["integrationId"], "--type", "full", "--wait")
    assert (outcome["status"], outcome["runStatus"]) == ("success", "SUCCESS")
    assert {name: counts["new"] for name, counts in outcome["resources"].items()} == shop.truth().counts

    running = up("status", "--json")["running"]
    assert running["services"] == {"code-server": True, "daemon": True, "webserver": True}
    assert DagsterUi(running["ui"]).run_status(outcome["runId"]) == "SUCCESS"
    sockets = [one for pid in _tree(up) for one in psutil.Process(pid).net_connections("tcp")]
    listening = {one.laddr.ip for one in sockets if one.laddr}
    assert listening <= {"127.0.0.1", "::1"}, "nothing of ours may be reached from outside"

    second = subprocess.run(program("sixfb", "up"), env=up.environment, cwd=up.root, capture_output=True, text=True)
    assert second.returncode == 1
    assert f"`sixfb up` (process {up.process.pid}" in second.stderr

    simulator.fail_next("appointments", times=100, slow=9.0)
    slow = up("sync", connected["integrationId"], "--type", "full")
    assert slow["runStatus"] == "QUEUED"
    assert eventually(lambda: up("status", "--json")["shops"][0]["state"].startswith("syncing "), seconds=30)

    everyone, marker = _tree(up), up.marker
    up.process.send_signal(signal.SIGINT)
    _, stderr = up.process.communicate(timeout=60)
    assert up.process.returncode == 0, stderr
    assert not any(lives(pid) for pid in everyone)
    assert marked(marker) == []
    assert eventually(lambda: not _postgres_of(up.root)), "the last user to leave stops the server"
    with embedded_postgres(up.root) as server, connect(server.url) as connection:
        ended = connection.execute("select status from dagster.runs where run_id = %s", (slow["runId"],)).fetchone()
        synced = connection.execute("select status from control.sync_operations order by created_at").fetchall()
    assert ended == ("CANCELED",), "a run at work is asked to stop, not torn down"
    assert synced == [("success",), ("failed",)]


def test_a_service_that_dies_is_named_and_takes_the_rest_down(up: Installation) -> None:
    everyone, marker = _tree(up), up.marker
    os.kill(_services(up)["daemon"], signal.SIGKILL)
    _, stderr = up.process.communicate(timeout=60)
    assert up.process.returncode == 1
    assert "daemon ended by itself (signal SIGKILL)" in stderr
    assert not any(lives(pid) for pid in everyone)
    assert marked(marker) == []


def test_a_killed_installation_leaves_no_process_and_starts_again(up: Installation) -> None:
    everyone, marker = _tree(up), up.marker
    up.process.kill()
    up.process.wait()
    assert eventually(lambda: not any(lives(pid) for pid in everyone), seconds=30)
    assert eventually(lambda: marked(marker) == [])
    assert eventually(lambda: not _postgres_of(up.root))
    assert up("status", "--json")["running"] is None


def _tree(up: Installation) -> list[int]:
    return [child.pid for child in psutil.Process(up.process.pid).children(recursive=True)]


def _services(up: Installation) -> dict[str, int]:
    facts: dict[str, dict[str, int]] = json.loads((up.root / "up.lock").read_text())
    return facts["services"]


def _postgres_of(root: Path) -> list[psutil.Process]:
    data = str(root / "postgres" / "data")
    return [one for one in psutil.process_iter(["cmdline"]) if data in (one.info["cmdline"] or [])]
