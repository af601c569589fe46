"""Dagster's three processes (code server, daemon, webserver) under the supervisor."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from cli.dagster_ui import DagsterUi, DagsterUnavailable
from cli.home import CHECKOUT, Home
from cli.ports import LOOPBACK
from cli.programs import program
from cli.progress import Progress
from cli.supervisor import Child, Supervisor

LOCATION = "pipelines"
MODULE = "pipelines.definitions"
_LONGEST_SOCKET = 103
"""Bytes of a socket's path on the strictest system (macOS); Linux allows 107."""
_RUN_GRACE = 20.0
"""Seconds for running runs to stop in order when we end; what they leave unfinished the next sync carries on."""


def prepare_home(home: Home) -> None:
    """Give DAGSTER_HOME the project's instance configuration, as it is now."""
    shutil.copyfile(CHECKOUT / "dagster.yaml", home.dagster / "dagster.yaml")


@contextmanager
def dagster_services(
    supervisor: Supervisor, home: Home, environment: Mapping[str, str], *, port: int, progress: Progress
) -> Iterator[DagsterUi]:
    """Run Dagster until the context ends; yields its UI once our definitions are loaded and the daemons live.

    On leaving, runs at work are asked to stop first, so that they end as canceled rather than vanish.
    """
    ui = DagsterUi(f"http://{LOOPBACK}:{port}")
    with _socket(home) as socket:
        with progress.phase("dagster", "Starting Dagster"):
            workspace = str(_write_workspace(home, socket))
            code = _start_code_server(supervisor, socket, environment)
            daemon = program("dagster-daemon", "run", "--workspace", workspace)
            supervisor.start("daemon", daemon, environment=environment)
            web = program("dagster-webserver", "--host", LOOPBACK, "--port", str(port), "--workspace", workspace)
            _wait_until_useful(supervisor, ui, supervisor.start("webserver", web, environment=environment), code)
        try:
            yield ui
        finally:
            _stop_runs(ui)


def _start_code_server(supervisor: Supervisor, socket: Path, environment: Mapping[str, str]) -> Child:
    what = ("--module-name", MODULE, "--location-name", LOCATION)
    command = program("dagster", "api", "grpc", "--socket", str(socket), *what)
    child = supervisor.start("code-server", command, environment=environment)
    supervisor.wait_ready(child, socket.exists, seconds=120)
    return child


def _wait_until_useful(supervisor: Supervisor, ui: DagsterUi, web: Child, code: Child) -> None:
    supervisor.wait_ready(web, ui.answers, seconds=120)
    problem = ui.location_error()
    if problem is not None:
        raise code.failure(f"cannot load the definitions: {problem}")
    supervisor.wait_ready(web, ui.daemons_run, seconds=120)


def _stop_runs(ui: DagsterUi) -> None:
    with suppress(DagsterUnavailable):  # it died, or was stopped from outside: the supervisor ends the runs' processes
        runs = ui.active_runs()
        if not runs:
            return
        ui.stop_runs(runs)
        deadline = time.monotonic() + _RUN_GRACE
        while ui.active_runs() and time.monotonic() < deadline:
            time.sleep(0.5)


def _write_workspace(home: Home, socket: Path) -> Path:
    """Point webserver and daemon at the one code server: without it each would load the definitions for itself."""
    path = home.dagster / "workspace.yaml"
    path.write_text(
        yaml.safe_dump({"load_from": [{"grpc_server": {"socket": str(socket), "location_name": LOCATION}}]})
    )
    return path


@contextmanager
def _socket(home: Home) -> Iterator[Path]:
    beside = home.dagster / "code.sock"
    if len(bytes(beside)) <= _LONGEST_SOCKET:
        beside.unlink(missing_ok=True)  # left by a killed server
        yield beside
        return
    with TemporaryDirectory(prefix="sixfb-") as folder:
        yield Path(folder) / "code.sock"
