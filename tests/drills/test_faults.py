"""O9 on a small scale: each class of outcome for each list, and the tables equal the truth once the fault has ended."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cli.chaos.faults import FAULTS, RESOURCES, Fault
from cli.chaos.raw_comparison import compare_raw
from cli.chaos.shops import Connected
from ingestion.control.database import connect
from ingestion.trafft.errors import TrafftError
from simulator.clock import Clock
from simulator.edits import Resource
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [pytest.mark.slow, pytest.mark.sql]

ONE_OF_EACH = ("503 once, come back in no time", "a web page", "no records", "a record without an id")
SLOW_TO_FAIL = ("down", "credentials refused")
"""On one list only: four retries take seconds."""


def cases(config: pytest.Config) -> Iterator[tuple[Resource, Fault]]:
    for resource in RESOURCES:
        for fault in FAULTS:
            in_tier_a = fault.name in ONE_OF_EACH or (resource == "customers" and fault.name in SLOW_TO_FAIL)
            if in_tier_a or config.getoption("--all-drills"):
                yield resource, fault.of(resource)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    found = list(cases(metafunc.config))
    metafunc.parametrize(("resource", "fault"), found, ids=[f"{resource}: {fault.name}" for resource, fault in found])


def test_a_fault_has_its_outcome_and_leaves_nothing_behind(
    resource: Resource, fault: Fault, database_url: str, tmp_path: Path
) -> None:
    clock = Clock(frozen_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    shop = Shop.generate(seed=9, clock=clock, appointments=40, opening=date(2025, 12, 1))
    simulator = Simulator([shop], clock=clock)
    with running(simulator) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        connected.sync()
        shop.cancel(next(one.id for one in shop.truth().appointments if one.status == "approved"))
        begin(fault, resource, shop, simulator)
        expect(fault, resource, connected)
        simulator.clear_faults()
        for _ in range(2):
            connected.pass_time()
            connected.sync(forced=True)
        with connect(database_url) as connection:
            findings = compare_raw(connection, Connected(shop, connected.integration_id, connected.integration_id))
        assert findings.is_clean, findings.examples


def begin(fault: Fault, resource: Resource, shop: Shop, simulator: Simulator) -> None:
    if fault.poison is not None:
        shop.add_raw_record(resource, fault.poison)
    else:
        simulator.fail_next(resource, times=fault.times, **fault.arguments)


def expect(fault: Fault, resource: Resource, connected: ConnectedShop) -> None:
    """Sync under the fault, and see that what is said of it is of the right class, and useful."""
    if fault.outcome == "fail":
        with pytest.raises(TrafftError) as failure:
            connected.sync()
        assert type(failure.value).__name__ == fault.error
        assert fault.says in str(failure.value)
        assert failure.value.advice, "the next step"
        assert f"/{resource}" in str(failure.value), "where"
        return
    counts = connected.sync().resources[resource]
    assert (counts.quarantined > 0) == (fault.outcome == "quarantine")
    assert counts.gone == 0
    if fault.outcome == "partial":
        assert fault.says in (counts.note or "")
    if fault.outcome == "quarantine":
        ((reason,),) = connected.rows("select reason from raw_trafft.quarantine")
        assert fault.says in reason
