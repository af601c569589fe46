"""Runs over many shops: who fails fails alone, whatever goes wrong is told, and nobody waits for ever."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import UnknownIntegration
from ingestion.control.locks import AlreadyRunning, LockLost, integration_lock
from ingestion.control.sync_operations import history
from ingestion.raw import VersionLog
from ingestion.reading import Aim, SyncType
from ingestion.shop_run import ReadingEnded
from ingestion.sync import Installation, ShopOutcome, SyncRequest, sync_integrations
from ingestion.trafft.errors import NotFound
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql

NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Town:
    """Five small shops at one false Trafft."""

    simulator: Simulator
    shops: list[ConnectedShop]

    @property
    def installation(self) -> Installation:
        return self.shops[0].installation

    @property
    def ids(self) -> list[str]:
        return [shop.integration_id for shop in self.shops]

    def sync(self, sync_type: SyncType = "full", **options: Any) -> list[ShopOutcome]:
        requests = [SyncRequest(key, Aim(sync_type), forced=True) for key in self.ids]
        return sync_integrations(self.installation, requests, **options)

    def fail(self, shop: ConnectedShop, resource: str) -> None:
        self.simulator.fail_next(resource, times=99, status=404, client_id=shop.shop.client_id)

    def statuses(self) -> list[str]:
        """Return the status of each shop's latest operation."""
        with connect(self.installation.url) as connection:
            return [history(connection, key, limit=1)[0].status for key in self.ids]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.shops[0].rows(query)


@pytest.fixture
def town(clock: Clock, database_url: str, tmp_path: Path) -> Iterator[Town]:
    shops = [Shop.generate(seed=5, number=number, clock=clock, appointments=40) for number in range(1, 6)]
    simulator = Simulator(shops, clock=clock)
    with running(simulator) as url:
        yield Town(simulator, [connect_simulated(shop, url, database_url, tmp_path) for shop in shops])


def truth_of(shop: ConnectedShop) -> list[tuple[str, str]]:
    return sorted((item.id, item.status) for item in shop.shop.truth().appointments)


def failed(outcomes: list[ShopOutcome]) -> dict[str, type[Exception]]:
    return {outcome.integration_id: type(outcome.error) for outcome in outcomes if outcome.error}


def test_one_failing_shop_among_five_leaves_four_right_and_itself_failed(town: Town) -> None:
    sick = town.shops[2]
    town.fail(sick, "customers")
    outcomes = town.sync(run_id="run-1")
    assert [outcome.integration_id for outcome in outcomes] == town.ids
    assert failed(outcomes) == {sick.integration_id: NotFound}
    assert town.statuses() == ["success", "success", "failed", "success", "success"]
    for shop in town.shops:
        # The sick one too: what it had shown before it failed is true.
        assert shop.latest("appointments", "external_id, status") == truth_of(shop)
    with connect(town.installation.url) as connection:
        [operation] = history(connection, sick.integration_id)
    assert operation.run_id == "run-1"
    assert (operation.errors[0]["error"], bool(operation.errors[0]["advice"])) == ("NotFound", True)
    assert town.rows("select count(*) from raw_trafft._dlt_loads") == [(1,)], "one package for all"


def test_a_shop_that_fails_makes_no_tombstones_of_what_it_had_swept(town: Town) -> None:
    sick = town.shops[0]
    town.sync()
    sick.shop.delete_appointment(sick.shop.truth().appointments[5].id)
    town.sync()
    sick.pass_time()
    town.fail(sick, "customers")
    assert failed(town.sync()) == {sick.integration_id: NotFound}
    gone = "select count(*) from raw_trafft.appointments where op = 'gone'"
    assert town.rows(gone) == [(0,)]
    town.simulator.clear_faults()
    assert failed(town.sync()) == {}
    assert town.rows(gone) == [(1,)]


def test_a_shop_that_another_writes_for_is_left_to_it_at_once(town: Town) -> None:
    told: list[str] = []
    with integration_lock(town.installation.url, town.ids[1]):
        outcomes = town.sync(on_settled=lambda outcome: told.append(outcome.integration_id))
    assert failed(outcomes) == {town.ids[1]: AlreadyRunning}
    assert told[0] == town.ids[1]
    assert len(told) == len(town.ids)


def test_a_shop_that_does_not_exist_is_told_and_one_named_twice_refused(town: Town) -> None:
    requests = [SyncRequest(key, Aim("full")) for key in (NOBODY, town.ids[0].upper())]
    outcomes = sync_integrations(town.installation, requests)
    assert failed(outcomes) == {NOBODY: UnknownIntegration}
    assert outcomes[1].integration_id == town.ids[0]
    with pytest.raises(ValueError, match="named twice"):
        sync_integrations(town.installation, [*requests, SyncRequest(town.ids[0], Aim("incremental"))])


def test_no_more_threads_read_than_are_allowed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.sync.THREADS", 2)
    seen: list[int] = []
    town.sync(on_progress=lambda line: seen.append(len(readers())))
    assert max(seen) == 2
    assert readers() == []
    assert town.statuses() == ["success"] * 5


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("reader-")]


def test_the_shops_that_were_read_fastest_come_first(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.sync.THREADS", 1)
    *known, new = town.ids
    with connect(town.installation.url, autocommit=True) as connection:
        for seconds, key in zip((9.0, 1.5, 700.0, 30.0), known, strict=True):
            connection.execute(
                "insert into control.sync_operations (integration_id, barbershop_id, sync_type, status, started_at,"
                " completed_at, summary) select id, barbershop_id, 'full', 'success', now(), now(),"
                " jsonb_build_object('phases', jsonb_build_object('extract', %s::float8))"
                " from control.integrations where id = %s",
                (seconds, key),
            )
    town.sync()
    order = "select integration_id from control.sync_operations where run_id is null and started_at > now() - interval"
    began = town.rows(f"{order} '1 hour' and summary ? 'requests' order by started_at")
    assert [key for (key,) in began] == [known[1], known[0], known[3], known[2], new]


def test_a_load_that_fails_fails_every_shop_and_its_package_is_loaded_later(town: Town) -> None:
    with connect(town.installation.url, autocommit=True) as connection:
        connection.execute("alter table raw_trafft.customers add constraint broken check (external_id = 'none')")
        outcomes = town.sync()
        assert len(failed(outcomes)) == 5
        assert town.statuses() == ["failed"] * 5
        assert readers() == []
        connection.execute("alter table raw_trafft.customers drop constraint broken")
    last = town.shops[4]
    assert last.sync("incremental").resources["appointments"].new == 0, "what was read is loaded by whoever comes next"
    for shop in town.shops:
        assert shop.latest("appointments", "external_id, status") == truth_of(shop)


def test_a_run_that_lost_its_locks_writes_nothing_more(town: Town) -> None:
    town.simulator.after_each_page("customers", lambda pages: end_lock_sessions(town) if pages == 5 else None)
    outcomes = town.sync()
    assert set(failed(outcomes).values()) == {LockLost}
    assert town.rows("select count(*) from raw_trafft.appointments") == [(0,)]
    assert town.statuses() == ["failed"] * 5
    town.simulator.clear_faults()
    assert failed(town.sync()) == {}


def end_lock_sessions(town: Town) -> None:
    with connect(town.installation.url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_locks inner join pg_database on pg_database.oid = database"
            " where locktype = 'advisory' and datname = current_database()"
        )


def test_an_interrupt_closes_every_operation_and_leaves_no_thread_that_asks(town: Town) -> None:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        town.sync(on_progress=interrupt)
    assert town.rows("select count(*) from control.sync_operations where status <> 'failed'") == [(0,)]
    for thread in readers():
        thread.join(30)
    asked = len(town.simulator.requests)
    assert failed(town.sync()) == {}
    assert len(town.simulator.requests) > asked


def test_a_thread_that_dies_fails_its_shop_alone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    original = VersionLog.latest

    def latest(self: VersionLog, resource: str, external_ids: Any, **options: Any) -> Any:
        if self.integration_id == town.ids[3]:
            raise SystemExit
        return original(self, resource, external_ids, **options)

    monkeypatch.setattr(VersionLog, "latest", latest)
    monkeypatch.setattr("ingestion.sync.THREADS", 2)
    outcomes = town.sync()
    assert failed(outcomes) == {town.ids[3]: ReadingEnded}
    assert town.statuses() == ["success", "success", "success", "failed", "success"]


def test_rows_are_written_while_others_are_still_read_and_few_wait(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.sync.QUEUED_BATCHES", 1)
    assert failed(town.sync()) == {}
    for shop in town.shops:
        assert shop.latest("appointments", "external_id, status") == truth_of(shop)


def test_what_a_sync_cost_is_in_its_operation(town: Town) -> None:
    outcomes = town.sync()
    for outcome in outcomes:
        assert outcome.report is not None
        with connect(town.installation.url) as connection:
            [operation] = history(connection, outcome.integration_id)
        assert {"requests", "retries", "bytes", "waited_seconds", "resources", "phases"} <= operation.summary.keys()
        assert operation.summary["phases"] == dict(outcome.report.phases)
        assert outcome.report.phases.keys() == {"extract", "normalize", "load"}
        assert operation.records_processed == sum(outcome_counts(outcome))


def outcome_counts(outcome: ShopOutcome) -> list[int]:
    assert outcome.report is not None
    return [counts.seen for counts in outcome.report.resources.values()]
