"""The oracle itself: damage that is done by hand is found, counted and named."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg import Connection

from cli.chaos.findings import Findings
from cli.chaos.raw_comparison import compare_raw
from cli.chaos.shops import Connected
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.sync_operations import start
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.ingestion.syncing import ConnectedShop, connect_simulated

pytestmark = pytest.mark.sql


@dataclass(frozen=True)
class Patient:
    """A synced shop, and a session to do damage with."""

    connected: ConnectedShop
    connection: Connection

    def examine(self) -> Findings:
        key = self.connected.integration_id
        return compare_raw(self.connection, Connected(self.connected.shop, key, key))

    def damage(self, statement: str) -> None:
        assert self.connection.execute(statement).rowcount > 0


@pytest.fixture
def patient(database_url: str, tmp_path: Path) -> Iterator[Patient]:
    clock = Clock(frozen_at=datetime(2026, 1, 5, 12, tzinfo=UTC))
    shop = Shop.generate(seed=5, clock=clock, appointments=40, opening=datetime(2025, 12, 1, tzinfo=UTC).date())
    with running(Simulator([shop], clock=clock)) as url:
        connected = connect_simulated(shop, url, database_url, tmp_path)
        connected.sync()
    with connect(database_url, autocommit=True) as connection:
        yield Patient(connected, connection)


def test_an_undisturbed_shop_is_clean(patient: Patient) -> None:
    findings = patient.examine()
    assert findings.is_clean
    assert str(findings) == "equal"


def test_a_lost_row_is_found(patient: Patient) -> None:
    patient.damage(
        "delete from raw_trafft.appointments where external_id = (select max(external_id) from raw_trafft.appointments)"
    )
    findings = patient.examine()
    assert findings.bad["lost"] == 1
    assert "lost in raw_trafft.appointments" in findings.examples[0]


def test_a_row_that_no_load_completed_is_as_good_as_lost(patient: Patient) -> None:
    patient.damage(
        "delete from raw_trafft._dlt_loads where load_id = (select max(_dlt_load_id) from raw_trafft.services)"
    )
    findings = patient.examine()
    assert findings.lost > 0
    assert findings.unfinished >= findings.lost


def test_a_value_that_differs_is_found(patient: Patient) -> None:
    patient.damage(
        "update raw_trafft.services set price = price + 1 where price = (select max(price) from raw_trafft.services)"
    )
    assert patient.examine().wrong >= 1


def test_a_record_that_is_not_in_the_truth_is_found(patient: Patient) -> None:
    deleted = patient.connected.shop.truth().appointments[0].id
    patient.connected.shop.delete_appointment(deleted)
    assert patient.examine().undead == 1


def test_the_same_version_from_two_syncs_is_doubled(patient: Patient) -> None:
    patient.damage(
        "insert into raw_trafft.customers select barbershop_id, integration_id, external_id, row_hash, op, origin,"
        " observed_at + interval '1 minute', gen_random_uuid()::text, first_name, last_name, email, phone_number,"
        " phone_country_code, birthday, gender, payload, _dlt_load_id from raw_trafft.customers limit 1"
    )
    assert patient.examine().doubled == 1


def test_a_repeated_append_of_one_sync_is_counted_and_harmless(patient: Patient) -> None:
    patient.damage("insert into raw_trafft.customers select * from raw_trafft.customers limit 1")
    findings = patient.examine()
    assert findings.repeated == 1
    assert findings.is_clean


def test_a_sync_that_nobody_runs_is_found(patient: Patient) -> None:
    start(patient.connection, get_integration(patient.connection, patient.connected.integration_id), "full")
    assert patient.examine().open_operations == 1


def test_a_miss_of_a_record_that_is_not_known_is_an_orphan(patient: Patient) -> None:
    patient.damage(
        "insert into control.sweep_misses (integration_id, barbershop_id, resource, external_id, first_missed_sync_id)"
        " select integration_id, barbershop_id, 'customers', 'nobody', id from control.sync_operations limit 1"
    )
    assert patient.examine().orphans == 1
