"""A simulated day of all cadences: short and small here; `sixfb day` plays 200 shops for 24 hours by hand."""

import json
import subprocess
from collections import Counter
from datetime import UTC, datetime

import pytest

from cli.chaos.findings import Findings
from cli.day.cast import FAULTS, Cast, connect_all, make_shops
from cli.day.play import Record, document
from cli.programs import program
from ingestion.control.database import connect
from ingestion.control.integrations import list_integrations
from tests.ingestion.syncing import KEY_RING

BEGINS = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVERY_FAULT_SHOWN = {fault.what: Counter([fault.shows]) for fault in FAULTS}


@pytest.fixture
def cast(database_url: str) -> Cast:
    simulator, shops = make_shops(7, 7, begins_at=BEGINS)
    return connect_all(database_url, KEY_RING, "http://127.0.0.1:9", simulator, shops)


def judged(record: Record, cast: Cast) -> bool:
    is_ok = document(record, cast, hours=1, seconds=1)["ok"]
    assert isinstance(is_ok, bool)
    return is_ok


@pytest.mark.sql
def test_shops_of_several_zones_are_connected_before_the_day_begins(cast: Cast, database_url: str) -> None:
    with connect(database_url) as connection:
        shops = list_integrations(connection)
    assert {shop.id for shop in shops} == set(cast.members)
    assert len({shop.timezone for shop in shops}) == 7
    assert all(shop.authenticated_at and (datetime.now(UTC) - shop.authenticated_at).days >= 29 for shop in shops)
    assert [member.fault for member in cast.faulty] == list(FAULTS)


@pytest.mark.sql
@pytest.mark.parametrize(
    ("record", "is_ok"),
    [
        (Record(errors=EVERY_FAULT_SHOWN), True),
        (Record(errors=EVERY_FAULT_SHOWN, neighbours_hurt=["North Chair"]), False),
        (Record(errors=EVERY_FAULT_SHOWN, findings=Findings(lost=1)), False),
        (Record(errors=EVERY_FAULT_SHOWN, failed_builds=1), False),
        (Record(errors={**EVERY_FAULT_SHOWN, FAULTS[0].what: Counter(["ServerError"])}), False),
        (Record(), False),
    ],
)
def test_a_day_is_right_only_if_nothing_is_lost_nobody_is_hurt_and_every_fault_shows(
    cast: Cast, record: Record, *, is_ok: bool
) -> None:
    assert judged(record, cast) is is_ok


@pytest.mark.slow
def test_two_hours_of_a_day_leave_every_healthy_shop_as_its_truth_and_show_each_fault() -> None:
    command = program("sixfb", "day", "--shops", "9", "--hours", "2", "--marts-every", "24", "--json")
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr[-5000:]}"
    result = json.loads(played.stdout)
    assert result["ok"]
    assert result["runs"].keys() >= {"full", "incremental"}
    assert result["comparisons"] >= 8
    assert result["martBuilds"] == 1
