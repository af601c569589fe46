"""O1: processes of a running installation killed in the middle of a run; started again, it sorts itself out."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.embedded_postgres import embedded_postgres
from cli.environment import inherited
from cli.ports import free_port
from cli.programs import program
from ingestion.control.database import connect
from pipelines.processes import PROCESS_TAG
from simulator.server import Simulator
from simulator.shop import Shop
from tests.cli.processes_of import eventually
from tests.cli.test_shop import arguments, secrets

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]

LIMIT = 120.0
"""Seconds from the new start until the dead run has ended in the books."""

_SYNCING = "select count(*) from control.sync_operations where status = %s"


@dataclass(frozen=True)
class Up:
    """A running `sixfb up`."""

    root: Path
    process: subprocess.Popen[str]
    environment: dict[str, str]

    def __call__(self, *command: str) -> Any:
        """Run another command on the same home and return its document; it need not succeed."""
        answer = subprocess.run(
            program("sixfb", *command), env=self.environment, cwd=self.root, capture_output=True, text=True
        )
        return json.loads(answer.stdout or "null")

    def service(self, name: str) -> psutil.Process:
        facts = json.loads((self.root / "up.lock").read_text())
        return psutil.Process(facts["services"][name])

    def worker(self) -> psutil.Process:
        """Return the process that the run at work has told."""
        (told,) = _ask(self.root, "select value from dagster.run_tags where key = %s", PROCESS_TAG)
        return psutil.Process(int(told.split(":")[1]))


@contextmanager
def started(root: Path) -> Iterator[Up]:
    environment = {**inherited(), "SIXFB_HOME": str(root), "DATABASE_URL": "", "ALLOW_LOOPBACK": "true"}
    process = subprocess.Popen(
        program("sixfb", "up", "--port", str(free_port(13_200))),
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
        yield Up(root, process, environment)
    finally:
        process.terminate()
        process.communicate(timeout=60)


KILLS: dict[str, Callable[[Up], list[psutil.Process]]] = {
    "worker and code server": lambda up: [up.worker(), up.service("code-server")],
    "worker": lambda up: [up.worker()],
    "code server": lambda up: [up.service("code-server")],
    "daemon": lambda up: [up.service("daemon")],
}
IN_EACH_COMMIT = "worker and code server"


@pytest.mark.parametrize("victims", KILLS)
def test_what_dies_in_mid_run_is_sorted_out_after_a_restart(
    victims: str, shop: Shop, simulator: Simulator, simulator_url: str, request: pytest.FixtureRequest
) -> None:
    if victims != IN_EACH_COMMIT and not request.config.getoption("--all-drills"):
        pytest.skip("only with --all-drills")
    with tempfile.TemporaryDirectory(prefix="sixfb-dead-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        with started(root) as up:
            shop_id = up(*arguments(shop, simulator_url, *secrets(shop)))["integrationId"]
            simulator.fail_next("appointments", times=1_000, slow=20.0)
            dead_run = up("sync", shop_id, "--type", "full")["runId"]
            assert eventually(lambda: _ask(root, _SYNCING, "in_progress") == (1,), seconds=90)
            for process in KILLS[victims](up):
                with suppress(psutil.NoSuchProcess):
                    os.kill(process.pid, signal.SIGKILL)
            simulator.clear_faults()
            if victims != "worker":
                assert up.process.wait(60) == 1, "a service that dies takes the rest down, to be started again"
            else:
                _require_sorted_out(root, dead_run)
        with started(root) as up:
            _require_sorted_out(root, dead_run)
            assert eventually(lambda: not _unfinished(root), seconds=90), "the retry that Dagster makes by itself"
            again = up("sync", shop_id, "--type", "full", "--wait")
            assert again["status"] == "success"
            states = {one["status"] for one in up("status", "--json")["shops"][0]["operations"]}
            assert states <= {"failed", "success"}


def _require_sorted_out(root: Path, run_id: str) -> None:
    query = "select status from dagster.runs where run_id = %s"
    assert eventually(lambda: _ask(root, query, run_id) in {("FAILURE",), ("CANCELED",)}, seconds=LIMIT)
    assert _ask(root, "select count(*) from dagster.concurrency_slots where run_id = %s", run_id) == (0,)


def _unfinished(root: Path) -> int:
    query = "select count(*) from dagster.runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED') and run_id <> %s"
    (count,) = _ask(root, query, "")
    return int(count)


def _ask(root: Path, query: str, parameter: str) -> tuple[Any, ...]:
    with embedded_postgres(root) as server, connect(server.url) as connection:
        row = connection.execute(query, (parameter,)).fetchone()
    assert row is not None
    return row
