"""Whole syncs of a simulated shop over real sockets into a real database, compared with the shop's own truth."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.locks import AlreadyRunning, integration_lock
from ingestion.control.sync_operations import history, last_complete_start
from ingestion.trafft.errors import AuthenticationFailed, NotFound, ServerError, UnexpectedResponse
from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql

RESOURCES = ["appointments", "customers", "employees", "locations", "services"]


@pytest.fixture
def connected(shop: Shop, simulator_url: str, database_url: str, tmp_path: Path) -> ConnectedShop:
    return connect_simulated(shop, simulator_url, database_url, tmp_path)


def test_a_first_full_sync_lands_the_whole_truth(connected: ConnectedShop) -> None:
    report = connected.sync()
    truth = connected.shop.truth()
    assert report.status == "success"
    assert {name: counts.seen for name, counts in report.resources.items()} == truth.counts
    assert all(counts.complete and counts.new == counts.seen for counts in report.resources.values())
    assert connected.latest("appointments", "external_id, status, starts_at, ends_at, booked_at, service_id") == sorted(
        (item.id, item.status, item.starts_at, item.ends_at, item.created_at, item.service_id)
        for item in truth.appointments
    )
    assert connected.latest("services", "external_id, name, price, duration_minutes") == sorted(
        (item.id, item.name, item.price, item.duration_minutes) for item in truth.services
    )
    assert connected.latest("customers", "external_id, first_name, last_name, email") == sorted(
        (item.id, item.first_name, item.last_name, item.email) for item in truth.customers
    )


@pytest.mark.parametrize("sync_type", ["full", "incremental"])
def test_a_second_sync_of_an_unchanged_shop_appends_nothing(connected: ConnectedShop, sync_type: str) -> None:
    connected.sync()
    before = connected.rows("select count(*) from raw_trafft.appointments")
    report = connected.sync("full" if sync_type == "full" else "incremental")
    assert {(counts.new, counts.changed, counts.gone) for counts in report.resources.values()} == {(0, 0, 0)}
    assert connected.rows("select count(*) from raw_trafft.appointments") == before


@pytest.mark.parametrize("sync_type", ["full", "incremental"])
def test_one_changed_appointment_appends_exactly_one_row(connected: ConnectedShop, sync_type: str) -> None:
    connected.sync()
    [(before,)] = connected.rows("select count(*) from raw_trafft.appointments")
    booked = next(item for item in reversed(connected.shop.truth().appointments) if item.status == "approved")
    connected.shop.cancel(booked.id)
    counts = connected.sync("full" if sync_type == "full" else "incremental").resources["appointments"]
    assert (counts.new, counts.changed) == (0, 1)
    assert connected.rows("select count(*) from raw_trafft.appointments") == [(before + 1,)]


def test_one_deleted_appointment_yields_one_tombstone_after_the_second_full_sweep(connected: ConnectedShop) -> None:
    connected.sync()
    doomed = connected.shop.truth().appointments[5].id
    connected.shop.delete_appointment(doomed)
    gone = []
    for _ in range(3):
        gone.append(connected.sync().resources["appointments"].gone)
        connected.pass_time()
    assert gone == [0, 1, 0]
    tombstones = connected.rows("select external_id from raw_trafft.appointments where op = 'gone'")
    assert tombstones == [(doomed,)]
    assert connected.rows("select count(*) from control.sweep_misses") == [(0,)]


def test_an_incremental_sync_makes_no_tombstones(connected: ConnectedShop) -> None:
    connected.sync()
    connected.shop.delete_appointment(connected.shop.truth().appointments[5].id)
    connected.sync()
    connected.pass_time()
    assert [connected.sync("incremental").resources["appointments"].gone for _ in range(3)] == [0, 0, 0]


def test_a_record_seen_again_between_two_sweeps_is_not_gone(connected: ConnectedShop) -> None:
    connected.sync()
    wanted = connected.shop.truth().appointments[5].id
    connected.shop.delete_appointment(wanted)
    connected.sync()
    connected.pass_time()
    connected.shop.restore_appointment(wanted)
    connected.sync("incremental")
    connected.shop.delete_appointment(wanted)
    assert connected.sync().resources["appointments"].gone == 0


def test_a_mass_deletion_is_reported_and_removes_nothing(connected: ConnectedShop) -> None:
    connected.sync()
    for item in connected.shop.truth().appointments[:30]:
        connected.shop.delete_appointment(item.id)
    reports = [connected.sync().resources["appointments"] for _ in range(2)]
    assert [counts.gone for counts in reports] == [0, 0]
    assert "too many to believe" in str(reports[-1].note)


def test_a_poison_record_makes_the_sync_partial_and_stops_nobody(connected: ConnectedShop) -> None:
    connected.shop.add_raw_record("appointments", {"id": 999_999, "start_date_time": "soon", "status": "approved"})
    report = connected.sync()
    assert report.status == "partial"
    assert report.resources["appointments"].quarantined == 1
    assert report.resources["appointments"].new == len(connected.shop.truth().appointments)
    assert connected.rows("select resource, external_id from raw_trafft.quarantine") == [("appointments", "999999")]


def test_only_one_writer_at_a_time(connected: ConnectedShop) -> None:
    with integration_lock(connected.installation.url, connected.integration_id), pytest.raises(AlreadyRunning):
        connected.sync()
    assert connected.sync().status == "success"


def test_the_operation_says_what_happened(connected: ConnectedShop) -> None:
    report = connected.sync()
    with connect(connected.installation.url) as connection:
        [operation] = history(connection, connected.integration_id)
        integration = get_integration(connection, connected.integration_id)
    assert (operation.id, operation.status, operation.sync_type) == (report.sync_id, "success", "full")
    assert operation.records_processed == sum(connected.shop.truth().counts.values())
    assert set(operation.summary["resources"]) == set(RESOURCES)
    assert operation.summary["requests"] > len(RESOURCES)
    assert integration.last_sync_at is not None


def test_a_failed_sync_is_recorded_with_advice_and_keeps_what_it_had_read(
    connected: ConnectedShop, simulator: Simulator
) -> None:
    simulator.fail_next("appointments", times=50, status=404)
    with pytest.raises(NotFound):
        connected.sync()
    with connect(connected.installation.url) as connection:
        [operation] = history(connection, connected.integration_id)
        integration = get_integration(connection, connected.integration_id)
    assert operation.status == "failed"
    assert operation.errors[0]["advice"]
    assert integration.status == "error"
    assert operation.summary["resources"]["services"]["new"] == connected.shop.truth().counts["services"]
    assert operation.summary["requests"] > 1
    assert len(connected.latest("services", "external_id")) == connected.shop.truth().counts["services"]
    assert connected.latest("appointments", "external_id") == []
    simulator.clear_faults()
    assert connected.sync().status == "success"


def test_rejected_credentials_say_what_to_do(connected: ConnectedShop, simulator: Simulator) -> None:
    simulator.fail_next("token", times=5, status=401)
    with pytest.raises(AuthenticationFailed) as caught:
        connected.sync()
    assert "Client ID" in caught.value.advice
    assert connected.shop.client_secret not in str(caught.value)


def test_no_secret_reaches_the_control_record(connected: ConnectedShop, simulator: Simulator) -> None:
    simulator.fail_next("token", status=401)
    with pytest.raises(AuthenticationFailed):
        connected.sync()
    connected.sync(forced=True)
    for table in ("sync_operations", "integrations", "barbershops"):
        dump = str(connected.rows(f"select to_jsonb(t)::text from control.{table} as t"))
        assert connected.shop.client_secret not in dump
        assert connected.shop.client_id not in dump


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 429, "retry_after": "0"}, {"truncated": True}, {"reset": True}]
)
def test_a_passing_fault_costs_a_retry_and_no_record(
    connected: ConnectedShop, simulator: Simulator, fault: dict[str, Any]
) -> None:
    simulator.fail_next("appointments", times=1, **fault)
    report = connected.sync()
    assert report.status == "success"
    assert report.resources["appointments"].seen == len(connected.shop.truth().appointments)
    assert report.traffic["retries"] == 1


@pytest.mark.parametrize("locations", ["empty", "403", "404", "405"])
def test_an_account_without_locations_syncs_all_the_same(
    clock: Clock, database_url: str, tmp_path: Path, locations: str
) -> None:
    shop = Shop.generate(seed=3, clock=clock, appointments=60, modes=Modes(locations=locations))  # type: ignore[arg-type]  # a case's text
    with running(Simulator([shop], clock=clock)) as url:
        report = connect_simulated(shop, url, database_url, tmp_path).sync()
    assert report.status == "success"
    assert report.resources["locations"].seen == 0
    assert report.resources["appointments"].seen == len(shop.truth().appointments)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_however_awkwardly_an_account_answers_the_same_truth_lands(
    clock: Clock, database_url: str, tmp_path: Path, seed: int
) -> None:
    shop = Shop.generate(seed=seed, clock=clock, appointments=120, modes=Modes.awkward(seed))
    with running(Simulator([shop], clock=clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        connected.sync()
        assert connected.latest("appointments", "external_id, starts_at, ends_at, booked_at") == sorted(
            (item.id, item.starts_at, item.ends_at, item.created_at) for item in shop.truth().appointments
        )
        prices = {item.id: item.price for item in shop.truth().services}
        unknown = {None} if shop.modes.prices == "null" else set()
        for service_id, price in connected.latest("services", "external_id, price"):
            assert price in unknown or price == prices[service_id]
        assert connected.sync().resources["appointments"].new == 0


def test_a_corrected_time_zone_corrects_every_appointment(
    shop: Shop, simulator_url: str, database_url: str, tmp_path: Path
) -> None:
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path, timezone="Europe/London")
    connected.sync()
    connect_simulated(shop, simulator_url, database_url, tmp_path)
    report = connected.sync()
    truth = shop.truth().appointments
    assert report.resources["appointments"].changed == len(truth)
    assert report.resources["customers"].changed == 0
    assert connected.latest("appointments", "external_id, starts_at") == sorted(
        (item.id, item.starts_at) for item in truth
    )
    assert connected.sync().resources["appointments"].changed == 0


@pytest.mark.slow
def test_a_large_list_is_read_where_it_is_new_or_near(
    clock: Clock, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.trafft.source.SMALL_LIST", 200)
    shop = Shop.generate(
        seed=5,
        clock=Clock(frozen_at=datetime.now(UTC)),
        appointments=1500,
        until=datetime.now(UTC).date(),
        modes=Modes(sorting="honoured"),
    )
    with running(Simulator([shop], clock=shop.clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        connected.sync()
        shop.clock.advance(timedelta(days=2))
        shop.cancel(next(item.id for item in reversed(shop.truth().appointments) if item.status == "approved"))
        report = connected.sync("incremental").resources["appointments"]
        assert report.complete
        assert 0 < report.seen < len(shop.truth().appointments) / 2
        truth = sorted((item.id, item.status, item.starts_at) for item in shop.truth().appointments)
        assert connected.latest("appointments", "external_id, status, starts_at") == truth


def test_an_incremental_sync_that_missed_a_page_is_partial_and_its_bound_stays(
    clock: Clock, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.trafft.source.SMALL_LIST", 100)
    shop = Shop.generate(seed=5, clock=clock, appointments=400, modes=Modes(sorting="honoured"))
    simulator = Simulator([shop], clock=clock)
    with running(simulator) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        connected.sync()
        with connect(database_url) as connection:
            before = last_complete_start(connection, connected.integration_id, "appointments")
        simulator.fail_next("appointments", times=20, after_pages=2, empty=True)
        report = connected.sync("incremental")
        assert report.status == "partial"
        with connect(database_url) as connection:
            assert last_complete_start(connection, connected.integration_id, "appointments") == before


def test_time_moves_on_and_the_next_sync_follows(connected: ConnectedShop, clock: Clock) -> None:
    connected.sync()
    clock.advance(timedelta(days=9))
    connected.shop.change_price(connected.shop.truth().services[0].id, Decimal("99.50"))
    connected.sync("incremental")
    truth = connected.shop.truth()
    assert connected.latest("appointments", "external_id, status, starts_at") == sorted(
        (item.id, item.status, item.starts_at) for item in truth.appointments
    )
    assert Decimal("99.50") in {price for (price,) in connected.latest("services", "price")}


def test_a_wrong_address_is_explained(connected: ConnectedShop, simulator: Simulator) -> None:
    simulator.fail_next("*", times=20, html=True)
    with pytest.raises(UnexpectedResponse, match="not the API URL"):
        connected.sync()


def test_a_server_that_stays_down_is_given_up_in_the_end(connected: ConnectedShop, simulator: Simulator) -> None:
    simulator.fail_next("services", times=100, status=503)
    with pytest.raises(ServerError):
        connected.sync()
