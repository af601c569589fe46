"""The demo's simulated shops: serving them from a child process, and connecting them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.demo_state import DemoState
from cli.environment import without_secrets
from cli.ports import LOOPBACK, answers
from cli.programs import program
from cli.shops import ShopDetails, connect_and_check
from cli.supervisor import Child, Supervisor
from ingestion.control.database import connect
from ingestion.control.records import Integration
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials


@dataclass(frozen=True)
class SimulatedTrafft:
    """The simulator as it announced itself."""

    base_url: str
    shops: Sequence[Mapping[str, str]]


def start_simulator(
    supervisor: Supervisor, state: DemoState, environment: Mapping[str, str], *, frozen_at: datetime | None
) -> Child:
    """Start the simulator; it is ready when `simulated_trafft` returns."""
    arguments = ["--json", "--port", str(state.port), "--shops", str(state.shops), "--seed", str(state.seed)]
    if frozen_at is not None:
        arguments += ["--frozen-at", frozen_at.isoformat()]
    command = program("sixfb", "simulate", *arguments)
    return supervisor.start("simulator", command, environment=without_secrets(environment), pipe=True)


def simulated_trafft(supervisor: Supervisor, simulator: Child, state: DemoState) -> SimulatedTrafft:
    """Wait until the simulator serves, and return what it announced."""
    line = next(simulator.lines(), b"")
    if not line:
        raise simulator.failure("did not start")
    document = json.loads(line)
    supervisor.wait_ready(simulator, lambda: answers(state.port), seconds=30)
    return SimulatedTrafft(document["baseUrl"], document["shops"])


def connect_shops(url: str, keys: Secret, trafft: SimulatedTrafft) -> list[Integration]:
    """Connect every shop, or find it connected from the last time, also when the simulator had another port then."""
    _follow(url, trafft)
    return [
        connect_and_check(
            url,
            keys,
            ShopDetails(
                name=shop["name"],
                base_url=trafft.base_url,
                credentials=Credentials(Secret(shop["clientId"]), Secret(shop["clientSecret"])),
                timezone=shop["timezone"],
                currency=shop["currency"],
            ),
            allow_loopback=True,
        )
        for shop in trafft.shops
    ]


def disconnect_shops(url: str) -> list[str]:
    """Disconnect the shops that live on this machine, so that no schedule asks for them; the demo connects them again.

    For an installation without a simulator. Returns their names.
    """
    with connect(url) as connection:
        rows = connection.execute(
            "update control.integrations set status = 'disconnected', updated_at = now()"
            " where base_url like %s and status <> 'disconnected' returning name",
            (f"http://{LOOPBACK}:%",),
        ).fetchall()
    return [name for (name,) in rows]


def _follow(url: str, trafft: SimulatedTrafft) -> None:
    """A shop is known by name and address; let the address follow the simulator to its port."""
    names = [shop["name"] for shop in trafft.shops]
    with connect(url) as connection:
        connection.execute(
            "update control.integrations set base_url = %s"
            " where name = any(%s) and base_url like %s and base_url <> %s",
            (trafft.base_url, names, f"http://{LOOPBACK}:%", trafft.base_url),
        )
