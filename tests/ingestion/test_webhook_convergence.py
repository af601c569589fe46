"""Whatever becomes of webhooks on their way, the log ends as the shop is: lost, doubled, late and shuffled ones too."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ingestion.control import webhook_events
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhook_storms import Arrival, Storm
from simulator.webhooks import Delivery, Postman, Style
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [pytest.mark.sql, pytest.mark.slow]

STYLES = (Style(), Style(dates="slashes", money="comma", language="de"), Style(dates="iso", custom_fields="indexed"))


def happen(shop: Shop, chance: Random) -> None:
    """Let one thing happen to an appointment: booked, moved, judged, or deleted, of which no webhook tells."""
    ids = [each.id for each in shop.truth().appointments[-40:]]
    move = chance.choice(("book", "book", "move", "cancel", "no-show", "approve", "delete"))
    starts_at = shop.clock.now() + timedelta(hours=chance.randint(1, 200))
    if move == "book":
        shop.add_appointment(starts_at=starts_at)
    elif move == "move":
        shop.reschedule(chance.choice(ids), starts_at)
    elif move == "delete":
        shop.delete_appointment(chance.choice(ids))
    else:
        status = {"cancel": "canceled", "no-show": "no-show", "approve": "approved"}[move]
        shop.set_status(chance.choice(ids), status)


def receive(connected: ConnectedShop, arrivals: list[Arrival]) -> None:
    with connect(connected.installation.url) as connection:
        integration = get_integration(connection, connected.integration_id)
        for each in arrivals:
            webhook_events.store(connection, integration, each.delivery.event, each.delivery.fields)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play twenty storms with each commit, and two hundred with all drills."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, 201 if metafunc.config.getoption("--all-drills") else 21))


def test_a_storm_ends_with_the_log_equal_to_the_shop(
    database_url: str, tmp_path: Path, shop: Shop, clock: Clock, simulator_url: str, seed: int
) -> None:
    chance = Random(seed)
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    connected.sync("full")
    postman, sent = Postman(shop, STYLES[seed % len(STYLES)]), list[Delivery]()
    for _ in range(12):
        before = shop.truth()
        clock.advance(timedelta(hours=4))
        for _ in range(chance.randint(1, 6)):
            happen(shop, chance)
        sent += postman.news(before)
    arrivals = Storm().arrivals(sent, seed)
    for start in range(0, len(arrivals), 20):
        receive(connected, arrivals[start : start + 20])
        connected.sync("webhook")
    connected.sync("full")
    with connect(database_url) as connection:
        # Two sweeps lie an hour apart: the first is put back, and what came before it stays before it.
        connection.execute("update control.sweep_misses set first_missed_at = first_missed_at - interval '2 hours'")
        connection.execute("update raw_trafft.appointments set observed_at = observed_at - interval '2 hours'")
        connection.execute("update control.webhook_events set last_received_at = received_at - interval '3 hours'")
    connected.sync("full")

    truth = {each.id: (each.status, each.starts_at, each.ends_at) for each in shop.truth().appointments}
    log = connected.rows(
        "select external_id, status, starts_at, ends_at, op from (select distinct on (external_id) *"
        " from raw_trafft.appointments where origin = 'api' order by external_id, observed_at desc) as latest"
    )
    assert {row[0]: row[1:4] for row in log if row[4] == "seen"} == truth
    waiting = connected.rows("select count(*) from control.webhook_events where not processed")
    assert waiting == [(0,)]
    priced = connected.rows("select count(distinct external_id) from raw_trafft.appointments where price is not null")
    assert priced[0][0] > 5
