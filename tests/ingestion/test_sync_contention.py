"""D3 of the reliability goals, a small round: runs at the same time over the same shops, each a process of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestion.reading import SyncType
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.sync_process import Errand, begin, end
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [pytest.mark.sql, pytest.mark.slow]

PAIRS: list[tuple[SyncType, SyncType]] = [
    ("full", "full"),
    ("full", "incremental"),
    ("incremental", "incremental"),
    ("appointments", "full"),
    ("customers", "incremental"),
    ("full", "appointments"),
]
EIGHT: list[SyncType] = [
    *("full", "incremental", "appointments", "full"),
    *("incremental", "full", "full", "incremental"),
]
SHOPS_OF_EIGHT = [[0, 1], [1, 2], [0, 1, 2], [1], [2, 0], [2], [0], [0, 1, 2]]
TWO_WRITERS = """
    select count(*) from control.sync_operations as one
    inner join control.sync_operations as other
        on other.integration_id = one.integration_id and other.id > one.id
        and other.started_at < one.completed_at and one.started_at < other.completed_at
"""
REPEATED = """
    select count(*) from (
        select from raw_trafft.appointments group by integration_id, external_id, row_hash, op having count(*) > 1
    ) as repeated
"""


@dataclass(frozen=True)
class Street:
    """Three shops at one false Trafft that takes its time, so that runs meet."""

    simulator: Simulator
    shops: list[ConnectedShop]

    def run_at_once(self, wishes: list[tuple[SyncType, list[int]]]) -> list[dict[str, str]]:
        """Let processes begin together, each over some of the shops, and return what they tell of each shop."""
        installation = self.shops[0].installation
        self.simulator.fail_next("services", times=len(wishes), slow=0.7)
        self.simulator.fail_next("appointments", times=len(wishes), slow=0.7)
        processes = []
        for sync_type, numbers in wishes:
            ids = [self.shops[number].integration_id for number in numbers]
            processes.append(begin(Errand(installation.url, str(installation.work_dir), ids, sync_type)))
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outcomes = [end(process) for process in processes]
        self.simulator.clear_faults()
        return outcomes

    def require_truth(self) -> None:
        """Compare with the shops' own truth, after one quiet sync that may find what a partial type left out."""
        for shop in self.shops:
            assert shop.sync().status == "success"
            truth = sorted((item.id, item.status, item.starts_at) for item in shop.shop.truth().appointments)
            assert shop.latest("appointments", "external_id, status, starts_at") == truth
        assert self.shops[0].rows(TWO_WRITERS) == [(0,)]
        assert self.shops[0].rows(REPEATED) == [(0,)]


@pytest.fixture
def street(clock: Clock, database_url: str, tmp_path: Path) -> Iterator[Street]:
    shops = [Shop.generate(seed=5, number=number, clock=clock, appointments=40) for number in (1, 2, 3)]
    simulator = Simulator(shops, clock=clock)
    with running(simulator) as url:
        yield Street(simulator, [connect_simulated(shop, url, database_url, tmp_path) for shop in shops])


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_two_runs_that_share_a_shop_have_one_writer_for_it(street: Street, pair: tuple[SyncType, SyncType]) -> None:
    first, second = street.run_at_once([(pair[0], [0, 1]), (pair[1], [1, 2])])
    shared = street.shops[1].integration_id
    assert sorted((first[shared], second[shared])) == ["AlreadyRunning", "success"]
    assert first[street.shops[0].integration_id] == "success"
    assert second[street.shops[2].integration_id] == "success"
    street.require_truth()


def test_of_eight_triggers_at_once_each_syncs_or_says_that_another_does(street: Street) -> None:
    told = street.run_at_once(list(zip(EIGHT, SHOPS_OF_EIGHT, strict=True)))
    for shop in street.shops:
        outcomes = [one[shop.integration_id] for one in told if shop.integration_id in one]
        assert set(outcomes) <= {"success", "AlreadyRunning"}
        assert "success" in outcomes
    assert any("AlreadyRunning" in one.values() for one in told)
    street.require_truth()
