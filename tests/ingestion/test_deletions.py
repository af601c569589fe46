"""Deletions: when two sweeps make a tombstone, what takes a miss back, and what only a person may believe."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.control import held_deletions, sync_operations, webhook_events
from ingestion.control.database import connect
from ingestion.control.held_deletions import HeldDeletion, UnknownDeletion
from ingestion.control.integrations import get_integration
from ingestion.control.locks import AlreadyRunning, integration_lock
from ingestion.control.sync_operations import history
from ingestion.csv_import import CsvRequest, import_csv
from ingestion.deletions import accept, dismiss
from ingestion.loading import RawTables
from ingestion.raw import VersionLog
from ingestion.records import ShopContext
from ingestion.trafft.models import APPOINTMENTS, RESOURCES
from ingestion.versions import Observer, Stamp
from ingestion.writer_slots import WriterSlots
from simulator.server import Simulator
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated
from tests.ingestion.webhook_shop import BOOKED

pytestmark = pytest.mark.sql


@pytest.fixture
def connected(shop: Shop, simulator_url: str, database_url: str, tmp_path: Path) -> ConnectedShop:
    connected = connect_simulated(shop, simulator_url, database_url, tmp_path)
    connected.sync()
    return connected


def ids(connected: ConnectedShop) -> list[str]:
    return [one.id for one in connected.shop.truth().appointments]


def delete(connected: ConnectedShop, external_ids: list[str]) -> None:
    for external_id in external_ids:
        connected.shop.delete_appointment(external_id)


def live(connected: ConnectedShop) -> set[str]:
    return {external_id for (external_id,) in connected.latest("appointments", "external_id")}


def tell(connected: ConnectedShop, external_id: str) -> None:
    """Receive a webhook of this appointment now."""
    with connect(connected.installation.url, autocommit=True) as connection:
        integration = get_integration(connection, connected.integration_id)
        webhook_events.store(connection, integration, "appointment.booked", {**BOOKED, "appointmentId": external_id})


def swept_again(connected: ConnectedShop) -> int:
    connected.pass_time()
    return connected.sync("appointments").resources["appointments"].gone


def held(connected: ConnectedShop) -> list[HeldDeletion]:
    with connect(connected.installation.url) as connection:
        return held_deletions.open_deletions(connection, connected.integration_id)


def accept_held(connected: ConnectedShop, which: HeldDeletion) -> tuple[int, int]:
    done = accept(connected.installation.url, connected.installation.work_dir, which.id)
    return done.gone, done.refused


def test_two_sweeps_within_the_hour_make_no_tombstone(connected: ConnectedShop) -> None:
    delete(connected, ids(connected)[5:6])
    assert [connected.sync("appointments").resources["appointments"].gone for _ in range(3)] == [0, 0, 0]
    connected.pass_time(timedelta(minutes=59))
    assert connected.sync("appointments").resources["appointments"].gone == 0
    connected.pass_time(timedelta(minutes=2))
    assert connected.sync("appointments").resources["appointments"].gone == 1


def test_a_webhook_between_two_sweeps_takes_the_miss_back(connected: ConnectedShop) -> None:
    told, untold = ids(connected)[5:7]
    delete(connected, [told, untold])
    connected.sync("appointments")
    connected.pass_time()
    tell(connected, told)
    assert connected.sync("appointments").resources["appointments"].gone == 1
    assert live(connected) & {told, untold} == {told}
    assert swept_again(connected) == 1


def test_an_appointment_that_only_a_webhook_told_of_goes_the_same_way(connected: ConnectedShop) -> None:
    tell(connected, "777")
    connected.sync("webhook")
    assert "777" in live(connected)
    connected.sync("appointments")
    assert "777" in live(connected)
    assert swept_again(connected) == 1
    tombstones = connected.rows("select external_id, origin from raw_trafft.appointments where op = 'gone'")
    assert tombstones == [("777", "api")]
    assert "777" not in live(connected)


def test_what_returns_is_undone_by_the_next_sync_that_shows_it(connected: ConnectedShop) -> None:
    doomed = ids(connected)[-9]
    delete(connected, [doomed])
    connected.sync("appointments")
    assert swept_again(connected) == 1
    connected.shop.restore_appointment(doomed)
    counts = connected.sync("incremental").resources["appointments"]
    assert (counts.new, doomed in live(connected)) == (1, True)
    assert swept_again(connected) == 0


def test_an_incomplete_sweep_remembers_nothing(connected: ConnectedShop, simulator: Simulator) -> None:
    delete(connected, ids(connected)[5:6])
    clock = connected.shop.clock

    def book(_pages: int) -> None:
        clock.advance(timedelta(seconds=1))
        connected.shop.add_appointment(starts_at=clock.now())

    simulator.after_each_page("appointments", book)
    report = connected.sync("appointments").resources["appointments"]
    assert (report.complete, report.missing) == (False, 0)
    assert connected.rows("select count(*) from control.sweep_misses") == [(0,)]


@pytest.mark.parametrize("share", ["empty", "most"])
def test_too_many_at_once_are_held_and_nothing_is_removed(connected: ConnectedShop, share: str) -> None:
    """An empty list with status 200, and a fall of the total by 60 %: a permission that was lost looks like this."""
    known = ids(connected)
    gone = known if share == "empty" else known[: len(known) * 6 // 10]
    delete(connected, gone)
    for _ in range(3):
        report = connected.sync("appointments")
        counts = report.resources["appointments"]
        assert (counts.gone, counts.held, counts.missing) == (0, len(gone), len(gone))
        assert "too many to believe" in str(counts.note)
        connected.pass_time()
    assert live(connected) == set(known)
    [waiting] = held(connected)  # one, however many sweeps tripped
    assert (waiting.sync_id, waiting.resource) == (report.sync_id, "appointments")
    assert (set(waiting.external_ids), waiting.missing, waiting.known) == (set(gone), len(gone), len(known))
    [certified] = connected.rows(
        f"select missing, gone from control.sync_certificates where sync_id = '{report.sync_id}'"
    )
    assert certified == (len(gone), 0)


def test_accepted_deletions_become_tombstones_through_an_ordinary_load(connected: ConnectedShop) -> None:
    known = ids(connected)
    delete(connected, known[:30])
    connected.sync("appointments")
    [waiting] = held(connected)
    assert accept_held(connected, waiting) == (30, 0)
    assert live(connected) == set(known[30:])
    assert held(connected) == []
    with connect(connected.installation.url) as connection:
        operation = history(connection, connected.integration_id)[0]
    assert (operation.sync_type, operation.status) == ("deletions", "success")
    assert connected.rows(f"select count(*) from raw_trafft.appointments where sync_id = '{operation.id}'") == [(30,)]
    assert swept_again(connected) == 0
    with pytest.raises(UnknownDeletion, match="does not wait"):
        accept_held(connected, waiting)


def test_what_was_seen_since_is_refused(connected: ConnectedShop) -> None:
    known = ids(connected)
    delete(connected, known[:30])
    connected.sync("appointments")
    connected.shop.restore_appointment(known[0])  # shown unchanged by the next sync
    connected.shop.restore_appointment(known[1])
    connected.shop.cancel(known[1])  # shown, and changed
    connected.sync("incremental")
    tell(connected, known[2])  # told of, and not shown yet
    [waiting] = held(connected)
    assert accept_held(connected, waiting) == (27, 3)
    assert live(connected) == {*known[:3], *known[30:]}


@pytest.mark.parametrize("restored", [30, 15])
def test_a_later_sweep_that_can_be_believed_decides_instead(connected: ConnectedShop, restored: int) -> None:
    known = ids(connected)
    delete(connected, known[:30])
    connected.sync("appointments")
    for external_id in known[:restored]:
        connected.shop.restore_appointment(external_id)
    assert swept_again(connected) == 0  # the held sweep was no first miss: nobody believed it
    assert held(connected) == []
    assert connected.rows("select decision from control.held_deletions") == [("superseded",)]
    assert swept_again(connected) == 30 - restored


def test_dismissed_deletions_stay_and_may_be_held_again(connected: ConnectedShop) -> None:
    known = ids(connected)
    delete(connected, known[:30])
    connected.sync("appointments")
    [waiting] = held(connected)
    dismiss(connected.installation.url, waiting.id)
    assert (held(connected), live(connected)) == ([], set(known))
    connected.sync("appointments")
    [again] = held(connected)
    assert again.id != waiting.id


def test_nothing_is_accepted_while_the_shop_is_being_synced(connected: ConnectedShop) -> None:
    delete(connected, ids(connected)[:30])
    connected.sync("appointments")
    [waiting] = held(connected)
    lock = integration_lock(connected.installation.url, connected.integration_id)
    with lock, pytest.raises(AlreadyRunning):
        accept_held(connected, waiting)
    assert held(connected) == [waiting]


@pytest.mark.parametrize("beginning", ["", "00000000", "not an id"])
def test_a_deletion_is_found_by_the_beginning_of_its_id(connected: ConnectedShop, beginning: str) -> None:
    delete(connected, ids(connected)[:30])
    connected.sync("appointments")
    [waiting] = held(connected)
    with connect(connected.installation.url) as connection:
        assert held_deletions.find_open(connection, waiting.id[:6]) == waiting
        if beginning:
            with pytest.raises(UnknownDeletion, match="sixfb deletions list"):
                held_deletions.find_open(connection, beginning)


def test_a_feature_that_is_switched_off_removes_nothing(connected: ConnectedShop, simulator: Simulator) -> None:
    simulator.fail_next("locations", times=99, status=403)
    before: list[tuple[Any, ...]] = connected.latest("locations", "external_id")
    for _ in range(2):
        assert connected.sync().resources["locations"].gone == 0
        connected.pass_time()
    assert connected.latest("locations", "external_id") == before != []


def test_what_only_an_imported_file_tells_of_is_never_taken_for_deleted(
    connected: ConnectedShop, tmp_path: Path
) -> None:
    """It was imported because the API does not show it: no sweep can miss what the API never showed."""
    export = tmp_path / "export.csv"
    export.write_text("Appointment ID,Date,Time,Duration,Status\n990001,2019-03-04,10:00,30min,Approved\n")
    where = connected.installation
    imported = import_csv(where.url, where.work_dir, connected.integration_id, CsvRequest(export, "appointments"))
    assert imported.counts.new == 1
    assert [swept_again(connected), swept_again(connected), swept_again(connected)] == [0, 0, 0]
    assert "990001" in live(connected)


def test_a_failed_acceptance_leaves_nothing_that_could_still_remove_anything(connected: ConnectedShop) -> None:
    """Its package once waited for the next run of any shop, whatever the person decided in between."""
    shown = live(connected)
    delete(connected, ids(connected)[:40])
    swept_again(connected)
    [waiting] = held(connected)
    with connect(connected.installation.url, autocommit=True) as connection:
        connection.execute(
            "alter table raw_trafft.appointments add constraint disk_full check (op <> 'gone') not valid"
        )
        with pytest.raises(PipelineStepFailed):
            accept_held(connected, waiting)
        connection.execute("alter table raw_trafft.appointments drop constraint disk_full")
    dismiss(connected.installation.url, waiting.id)
    assert connected.sync("customers").resources["customers"].gone == 0
    assert live(connected) == shown


def killed() -> None:
    raise KeyboardInterrupt


def test_a_dismissal_outdoes_an_acceptance_that_was_killed_in_its_load(connected: ConnectedShop) -> None:
    shown = live(connected)
    delete(connected, ids(connected)[:40])
    swept_again(connected)
    [waiting] = held(connected)
    where = connected.installation
    with connect(where.url, autocommit=True) as connection:
        integration = get_integration(connection, connected.integration_id)
        operation = sync_operations.start(connection, integration, "deletions")
        tables = RawTables("trafft", RESOURCES)
        log = VersionLog(connection, tables.dataset, integration.id)
        stamp = Stamp(integration.barbershop_id, integration.id, operation.id)
        observer = Observer(APPOINTMENTS, ShopContext(ZoneInfo(integration.timezone)), stamp, log)
        tombstones = observer.gone(waiting.external_ids, datetime.now(UTC))
        with WriterSlots(where.url, tables, where.work_dir).take() as loader, pytest.raises(KeyboardInterrupt):
            loader.load(tombstones, before_load=killed)
    dismiss(where.url, waiting.id)
    assert connected.sync("customers").resources["customers"].gone == 0
    assert live(connected) == shown
