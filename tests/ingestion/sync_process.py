"""A run in a process of its own, which may be told to kill itself: `python -m tests.ingestion.sync_process '{…}'`."""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.control.locks import AlreadyRunning
from ingestion.control.vault import Vault
from ingestion.reading import Aim, SyncType
from ingestion.sync import Installation, ShopOutcome, SyncRequest, sync_integrations
from tests.ingestion.syncing import KEY_RING

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Errand:
    """What the process is to do. `kill_at` is empty, or extract, normalize or load."""

    url: str
    work_dir: str
    integration_ids: Sequence[str]
    sync_type: SyncType = "full"
    kill_at: str = ""


def begin(errand: Errand) -> "subprocess.Popen[str]":
    """Start it. It says `ready` when it could run, and runs when it is told a line."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.ingestion.sync_process", json.dumps(asdict(errand))]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def end(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Wait for it, and return integration id → status, AlreadyRunning, or the traceback of another error."""
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 0, stderr
    outcomes: dict[str, str] = json.loads(stdout.splitlines()[-1])
    return outcomes


def killed(errand: Errand) -> None:
    """Run it to the point where it kills itself."""
    process = begin(errand)
    _, stderr = process.communicate("go\n", timeout=240)
    assert process.returncode == -signal.SIGKILL, stderr


def _kill(*_arguments: Any, **_options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(kill_at: str) -> None:
    import dlt

    from ingestion.control.locks import IntegrationLocks

    if kill_at == "extract":
        # When all has been read, and nothing is decided yet.
        IntegrationLocks.confirm = _kill  # type: ignore[method-assign]
    elif kill_at:
        setattr(dlt.Pipeline, kill_at, _kill)


def _told(outcome: ShopOutcome) -> str:
    if isinstance(outcome.error, AlreadyRunning):
        return "AlreadyRunning"
    return outcome.report.status if outcome.report else "".join(traceback.format_exception(outcome.error))


def main() -> None:
    """Do the errand."""
    errand = Errand(**json.loads(sys.argv[1]))
    _arm(errand.kill_at)
    installation = Installation(
        errand.url,
        Vault.from_ring(KEY_RING),
        Path(errand.work_dir),
        allow_loopback=True,
        requests_per_second=1000,
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    requests = [SyncRequest(key, Aim(errand.sync_type)) for key in errand.integration_ids]
    told = {one.integration_id: _told(one) for one in sync_integrations(installation, requests)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
