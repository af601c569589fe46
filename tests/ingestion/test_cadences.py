"""Which cadence catches which change, in a shop whose list is too long to be read whole every hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.control.database import connect
from ingestion.reading import Aim, SyncType, Window
from ingestion.sync import SyncRequest, sync_integrations
from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from simulator.truth import TruthAppointment
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = [pytest.mark.sql, pytest.mark.slow]

NOW = datetime.now(UTC)  # the sync looks at the real clock
DAY = timedelta(days=1)


@pytest.fixture
def connected(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectedShop]:
    monkeypatch.setattr("ingestion.trafft.source.SMALL_LIST", 100)
    monkeypatch.setattr("ingestion.trafft.source.FEW_CUSTOMERS", 20)
    clock = Clock(frozen_at=NOW)
    shop = Shop.generate(seed=5, clock=clock, appointments=900, until=NOW.date(), modes=Modes(sorting="honoured"))
    with running(Simulator([shop], clock=clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        with connect(database_url, autocommit=True) as connection:
            # Small pages, so that a reading overshoots its bound by little.
            connection.execute("update control.integrations set sync_settings = sync_settings || '{\"pageSize\": 20}'")
        connected.sync()
        yield connected


def approved(connected: ConnectedShop, *, days_ago: float) -> TruthAppointment:
    """Return the approved appointment that started nearest to so many days ago."""
    wanted = NOW - days_ago * DAY
    found = [one for one in connected.shop.truth().appointments if one.status == "approved"]
    return min(found, key=lambda one: abs(one.starts_at - wanted))


def stored(connected: ConnectedShop, external_id: str) -> tuple[str, datetime] | None:
    found = connected.latest("appointments", "external_id, status, starts_at")
    return next(((status, starts_at) for key, status, starts_at in found if key == external_id), None)


def changed(connected: ConnectedShop, sync_type: SyncType) -> int:
    return connected.sync(sync_type).resources["appointments"].changed


def equals_truth(connected: ConnectedShop) -> bool:
    truth = sorted((one.id, one.status, one.starts_at) for one in connected.shop.truth().appointments)
    return connected.latest("appointments", "external_id, status, starts_at") == truth


def test_a_no_show_marked_thirteen_days_later_is_caught_within_the_hour(connected: ConnectedShop) -> None:
    late = approved(connected, days_ago=13)
    connected.shop.mark_no_show(late.id)
    assert changed(connected, "incremental") == 1
    assert stored(connected, late.id) == ("no-show", late.starts_at)


def test_a_no_show_marked_months_later_is_caught_by_the_nightly_sync(connected: ConnectedShop) -> None:
    old = approved(connected, days_ago=150)
    connected.shop.mark_no_show(old.id)
    assert changed(connected, "incremental") == 0
    assert stored(connected, old.id) == ("approved", old.starts_at)
    assert changed(connected, "full") == 1
    assert equals_truth(connected)


@pytest.mark.parametrize(("days_ago", "caught_by"), [(10, "incremental"), (150, "full")])
def test_a_reschedule_into_the_past_is_caught_by_the_cadence_that_reads_there(
    connected: ConnectedShop, days_ago: int, caught_by: SyncType
) -> None:
    one = approved(connected, days_ago=40)  # not among the newest by the time of its booking
    past = one.starts_at - days_ago * DAY
    connected.shop.reschedule(one.id, past)
    if caught_by == "full":
        assert changed(connected, "incremental") == 0
    assert changed(connected, caught_by) == 1
    assert stored(connected, one.id) == ("approved", past)


def test_a_deletion_is_caught_by_two_nightly_syncs_and_never_by_an_hourly_one(connected: ConnectedShop) -> None:
    one = approved(connected, days_ago=3)
    connected.shop.delete_appointment(one.id)
    connected.sync("incremental")
    assert stored(connected, one.id)
    connected.sync()
    connected.pass_time(DAY)
    connected.sync("incremental")
    assert stored(connected, one.id)
    assert connected.sync().resources["appointments"].gone == 1
    assert equals_truth(connected)


@pytest.mark.parametrize(("days_ago", "caught_by"), [(3, "incremental"), (150, "full")])
def test_a_record_that_is_created_again_is_caught_by_the_cadence_that_reads_there(
    connected: ConnectedShop, days_ago: int, caught_by: SyncType
) -> None:
    one = approved(connected, days_ago=days_ago)
    connected.shop.delete_appointment(one.id)
    connected.sync("appointments")
    connected.pass_time()
    connected.sync("appointments")
    assert stored(connected, one.id) is None
    connected.shop.restore_appointment(one.id)
    if caught_by == "full":
        assert connected.sync("incremental").resources["appointments"].new == 0
    assert connected.sync(caught_by).resources["appointments"].new == 1
    assert equals_truth(connected)


def test_a_walk_in_of_a_new_customer_brings_that_customer_alone(connected: ConnectedShop) -> None:
    customer = connected.shop.add_customer("Ola", "Berg", email="ola.berg@example.com")
    connected.shop.add_appointment(starts_at=NOW, customer_ids=[customer])
    counts = connected.sync("incremental").resources
    assert (counts["appointments"].new, counts["customers"].new, counts["customers"].seen) == (1, 1, 1)
    assert not counts["customers"].note
    assert connected.sync("incremental").resources["customers"].seen == 0
    assert connected.sync("customers").resources["customers"].changed == 0  # by id it shows no more than in the list


def test_a_customer_of_nobody_waits_for_the_customers_own_sync(connected: ConnectedShop) -> None:
    connected.shop.add_customer("Ola", "Berg")
    assert connected.sync("incremental").resources["customers"].new == 0
    report = connected.sync("customers")
    assert list(report.resources) == ["customers"]
    assert report.resources["customers"].new == 1


def test_a_back_fill_reads_its_days_and_no_more_than_it_must(connected: ConnectedShop) -> None:
    old = approved(connected, days_ago=100)
    connected.shop.mark_no_show(old.id)
    window = Window(old.starts_at - DAY, old.starts_at + DAY)
    request = SyncRequest(connected.integration_id, Aim("backfill", window))
    [outcome] = sync_integrations(connected.installation, [request])
    assert outcome.report is not None
    counts = outcome.report.resources
    assert (outcome.report.status, counts["appointments"].changed) == ("success", 1)
    assert counts["appointments"].seen < 200
    assert stored(connected, old.id) == ("no-show", old.starts_at)


def test_what_was_booked_before_a_back_fill_is_still_new_to_the_next_incremental_sync(
    connected: ConnectedShop,
) -> None:
    """A back-fill is complete in its span, which says nothing of what was booked meanwhile."""
    long_ago = datetime(2021, 1, 4, 15, tzinfo=UTC)
    booked = connected.shop.add_appointment(starts_at=long_ago)
    window = Window(NOW - 100 * DAY, NOW - 99 * DAY)
    request = SyncRequest(connected.integration_id, Aim("backfill", window))
    [outcome] = sync_integrations(connected.installation, [request])
    assert outcome.error is None
    with connect(connected.installation.url, autocommit=True) as connection:
        connection.execute(
            "update control.sync_operations set started_at = started_at + interval '4 hours',"
            " completed_at = completed_at + interval '4 hours' where sync_type = 'backfill'"
        )
    for minutes in range(120):
        connected.shop.clock.advance(timedelta(minutes=3))
        connected.shop.add_appointment(starts_at=NOW + timedelta(days=30, minutes=minutes))
    connected.sync("incremental")
    assert stored(connected, booked) is not None


def test_a_webhook_is_followed_to_the_page_of_its_start(connected: ConnectedShop) -> None:
    old = approved(connected, days_ago=300)
    connected.shop.mark_no_show(old.id)
    request = SyncRequest(connected.integration_id, Aim("webhook", wanted={old.id: old.starts_at}))
    [outcome] = sync_integrations(connected.installation, [request])
    assert outcome.report is not None
    assert list(outcome.report.resources) == ["appointments", "customers"]
    assert outcome.report.resources["appointments"].changed == 1
    assert outcome.report.traffic["requests"] < 12
    assert stored(connected, old.id) == ("no-show", old.starts_at)
