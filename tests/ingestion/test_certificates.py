"""What a sync proves of each list it set out to read whole, and that the proof can be recomputed from the API alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingestion.capabilities import CAPABILITIES
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration, store_capabilities
from ingestion.reading import SyncType
from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.digest_oracle import digests_of
from tests.ingestion.syncing import ConnectedShop, connect_simulated
from tests.simulator.account import Account

pytestmark = pytest.mark.sql

LISTS = ["appointments", "customers", "employees", "locations", "services"]
COUNTED = "verdict, total_first, total_last, passes, ids_seen, duplicates, rows_shifted, unreadable, missing, gone"


@pytest.fixture
def connected(shop: Shop, simulator_url: str, database_url: str, tmp_path: Path) -> ConnectedShop:
    return connect_simulated(shop, simulator_url, database_url, tmp_path)


def certificates(connected: ConnectedShop, columns: str, sync_id: str) -> dict[str, tuple[Any, ...]]:
    found = connected.rows(f"select resource, {columns} from control.sync_certificates where sync_id = '{sync_id}'")
    return {resource: tuple(values) for resource, *values in found}


def test_a_full_sync_certifies_every_list(connected: ConnectedShop) -> None:
    counts = connected.shop.truth().counts
    report = connected.sync()
    found = certificates(connected, COUNTED, report.sync_id)
    assert found == {name: ("complete", counts[name], counts[name], 1, counts[name], 0, 0, 0, 0, 0) for name in LISTS}
    [(began, started)] = connected.rows(
        "select certificate.started_at, operation.started_at from control.sync_certificates as certificate"
        " inner join control.sync_operations as operation on operation.id = certificate.sync_id"
        " where certificate.resource = 'services'"
    )
    assert began == started


@pytest.mark.parametrize(
    ("sync_type", "certified"),
    [("incremental", []), ("appointments", ["appointments"]), ("customers", ["customers"]), ("webhook", [])],
)
def test_only_what_was_to_be_read_whole_gets_a_certificate(
    connected: ConnectedShop, sync_type: SyncType, certified: list[str]
) -> None:
    report = connected.sync(sync_type)
    assert list(certificates(connected, "verdict", report.sync_id)) == certified


def test_the_digests_are_those_of_the_apis_own_json(connected: ConnectedShop, simulator: Simulator) -> None:
    """After edits and a second sync, so that what counts are the latest versions and what is not gone."""
    connected.sync()
    ids = [one.id for one in connected.shop.truth().appointments]
    connected.shop.cancel(ids[-3])
    connected.shop.change_note(ids[-4], "Zoë · 5 € \N{WAVING HAND SIGN}")
    connected.shop.reschedule(ids[-5], connected.shop.clock.now() + timedelta(days=400))
    connected.shop.delete_appointment(ids[-6])
    connected.sync()
    connected.pass_time()
    report = connected.sync()
    account = Account(connected.shop, simulator).log_in()
    found = certificates(connected, "verdict, day_digests", report.sync_id)
    for name, read_with in {"appointments": "1|America/New_York", "customers": "", "employees": ""}.items():
        expected = digests_of(account.sweep(name, limit=100), read_with=read_with, by_day=name == "appointments")
        assert found[name] == ("complete", expected), name
    assert len(found["appointments"][1]) > 100


def test_a_digest_changes_with_its_day_alone(connected: ConnectedShop) -> None:
    first = certificates(connected, "day_digests", connected.sync().sync_id)["appointments"][0]
    one = connected.shop.truth().appointments[40]
    connected.shop.change_note(one.id, "moved to the window seat")
    second = certificates(connected, "day_digests", connected.sync().sync_id)["appointments"][0]
    assert [day for day in first if first[day] != second[day]] == [
        str(one.starts_at.astimezone(ZoneInfo(connected.shop.timezone)).date())
    ]


def test_a_list_that_never_rests_is_certified_as_what_it_is(connected: ConnectedShop, simulator: Simulator) -> None:
    clock = connected.shop.clock

    def book(_pages: int) -> None:
        clock.advance(timedelta(seconds=1))
        connected.shop.add_appointment(starts_at=clock.now() + timedelta(days=2))

    simulator.after_each_page("appointments", book)
    report = connected.sync()
    found = certificates(connected, "verdict, reason, passes, rows_shifted, day_digests", report.sync_id)
    verdict, reason, passes, shifted, digests = found["appointments"]
    assert (verdict, passes, digests) == ("incomplete", 3, {})
    assert "the list changed while it was read" in reason
    assert shifted > 10
    assert found["customers"][0] == "complete"


def test_rows_that_moved_once_are_counted_and_read_again(connected: ConnectedShop, simulator: Simulator) -> None:
    doomed = [one.id for one in connected.shop.truth().appointments[-5:]]

    def delete(pages: int) -> None:
        if pages == 1:
            for external_id in doomed:
                connected.shop.delete_appointment(external_id)

    simulator.after_each_page("appointments", delete)
    report = connected.sync()
    found = certificates(connected, "verdict, passes, rows_shifted", report.sync_id)
    verdict, passes, shifted = found["appointments"]
    assert (verdict, passes >= 2) == ("complete", True)
    assert shifted >= 5


def test_unreadable_records_are_counted_apart(connected: ConnectedShop) -> None:
    connected.shop.add_raw_record("customers", {"first_name": "Nobody"})
    report = connected.sync()
    assert certificates(connected, "verdict, unreadable, ids_seen", report.sync_id)["customers"] == (
        "complete",
        1,
        connected.shop.truth().counts["customers"],
    )


def test_a_feature_that_is_off_is_no_list_to_certify(clock: Clock, database_url: str, tmp_path: Path) -> None:
    shop = Shop.generate(seed=3, clock=clock, appointments=60, modes=Modes(locations="403"))
    with running(Simulator([shop], clock=clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        assert "locations" not in certificates(connected, "verdict", connected.sync().sync_id)


def test_an_appointment_that_earlier_syncs_should_have_found_is_a_loss_of_ours(
    database_url: str, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    shop = Shop.generate(seed=5, clock=Clock(frozen_at=now), appointments=200, until=now.date())
    with running(Simulator([shop], clock=shop.clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        assert connected.sync().resources["appointments"].repaired == 0
        lost, changed = [one.id for one in shop.truth().appointments if one.status == "approved"][3:5]
        with connect(database_url, autocommit=True) as connection:
            connection.execute("delete from raw_trafft.appointments where external_id = %s", (lost,))
        shop.cancel(changed)
        shop.add_appointment(starts_at=now + timedelta(days=3))
        report = connected.sync()
        counts = report.resources["appointments"]
        assert (counts.new, counts.changed, counts.repaired) == (2, 1, 1)
        assert certificates(connected, "repaired", report.sync_id)["appointments"] == (1,)
        assert connected.sync().resources["appointments"].repaired == 0


def test_a_full_sync_looks_anew_at_what_the_account_honours_once_a_week(
    connected: ConnectedShop, simulator: Simulator
) -> None:
    def stored() -> dict[str, Any]:
        with connect(connected.installation.url) as connection:
            return dict(get_integration(connection, connected.integration_id).feature_flags)

    first = connected.sync()
    probed = stored()[CAPABILITIES]
    assert probed["has_locations"] is True
    assert stored()["analytics"] is True  # what else stands there stays
    assert first.resources["services"].note is None
    connected.sync()
    assert stored()[CAPABILITIES] == probed
    old = {**probed, "has_locations": False, "probed_at": (datetime.now(UTC) - timedelta(days=8)).isoformat()}
    with connect(connected.installation.url, autocommit=True) as connection:
        store_capabilities(connection, connected.integration_id, old)
    connected.sync("incremental")
    assert stored()[CAPABILITIES] == old
    note = connected.sync().resources["services"].note
    assert note == "the account answers otherwise than at the last probe (has_locations: False before, True now)"
    assert stored()[CAPABILITIES]["has_locations"] is True
