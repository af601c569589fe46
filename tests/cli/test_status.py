"""`sixfb status` and `sixfb doctor` on a real database with a simulated shop."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cli.locks import only_one
from ingestion.control import integrations, sync_operations, webhook_events
from ingestion.control.database import connect
from simulator.server import Simulator
from simulator.shop import Shop
from tests.cli.conftest import Sixfb
from tests.cli.test_shop import arguments, secrets

pytestmark = pytest.mark.sql


@pytest.fixture
def connected(sixfb: Sixfb, shop: Shop, simulator_url: str) -> str:
    integration_id: str = sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))["integrationId"]
    return integration_id


def checks(document: Any) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in document["checks"]}


def test_a_home_without_a_database_gets_none_for_the_asking(sixfb: Sixfb) -> None:
    document = sixfb.json("status", "--json", DATABASE_URL="")
    assert document["shops"] == []
    assert document["running"] is None
    assert not sixfb.home.postgres_data.exists()
    assert "no database yet" in sixfb("doctor", DATABASE_URL="").stdout
    assert not sixfb.home.postgres_data.exists()


def test_a_shop_is_shown_with_its_state_and_its_last_syncs(sixfb: Sixfb, connected: str) -> None:
    assert sixfb.json("status", "--json")["shops"][0]["state"] == "not synced yet"
    with connect(sixfb.database_url, autocommit=True) as connection:
        integration = integrations.get_integration(connection, connected)
        operation = sync_operations.start(connection, integration, "full", "run-1")
        assert sixfb.json("status", "--json")["shops"][0]["state"] == "syncing 0"
        sync_operations.finish(connection, operation, status="success")
    [shop] = sixfb.json("status", "--json")["shops"]
    assert shop["state"].startswith("up to date as of ")
    assert shop["state"].endswith(" (America/New_York)")
    [shown] = shop["operations"]
    assert (shown["type"], shown["status"], shown["runId"]) == ("full", "success", "run-1")
    assert shop["name"] in sixfb("status").stdout


def test_webhooks_are_shown_with_what_waits_and_how_long_they_take(sixfb: Sixfb, connected: str) -> None:
    assert sixfb.json("status", "--json")["shops"][0]["webhooks"] is None
    with connect(sixfb.database_url, autocommit=True) as connection:
        integration = integrations.get_integration(connection, connected)
        for number in range(3):
            webhook_events.store(connection, integration, "appointment.booked", {"appointmentId": str(number)})
        connection.execute(
            "update control.webhook_events set processed = true, outcome = 'applied', processed_at = now(),"
            " shown_at = received_at + interval '12 seconds' where appointment_id <> '0'"
        )
    [shop] = sixfb.json("status", "--json")["shops"]
    assert shop["webhooks"] == {
        "waiting": 1,
        "receivedLastDay": 3,
        "unmatchedLastDay": 0,
        "unreadableLastDay": 0,
        "p50SecondsToMarts": 12.0,
        "p95SecondsToMarts": 12.0,
    }
    assert "1 wait" in sixfb("status").stdout


@pytest.mark.parametrize("told", [b"", b'{"command": "demo", "pi', b'{"command": "demo", "pid": 1}23}', b"{}"])
def test_a_holder_that_is_read_in_the_middle_of_its_writing_is_shown_as_far_as_it_goes(
    sixfb: Sixfb, told: bytes
) -> None:
    with only_one(sixfb.home, "up"):
        sixfb.home.up_lock.write_bytes(told)
        shown = sixfb.json("status", "--json")["running"]
        assert shown == {"command": None, "pid": None, "since": None, "ui": None, "services": {}}
        assert "A sixfb is just starting or stopping." in sixfb("status").stderr


def test_what_runs_is_shown(sixfb: Sixfb) -> None:
    with only_one(sixfb.home, "up") as holder:
        holder.tell(ui="http://127.0.0.1:3000", services={"daemon": os.getpid(), "webserver": 2**22 + 1})
        shown = sixfb.json("status", "--json")["running"]
    assert shown["ui"] == "http://127.0.0.1:3000"
    assert shown["services"] == {"daemon": True, "webserver": False}


def test_a_healthy_installation_passes_the_doctor(sixfb: Sixfb, connected: str, shop: Shop) -> None:
    found = checks(sixfb.json("doctor", "--json"))
    assert found.pop("manifest") == "warn"
    assert found.pop("service") in ("pass", "warn"), "another program may have the usual ports"
    assert found.pop("disk") in ("pass", "warn")
    assert set(found.values()) == {"pass"}
    assert {
        "python",
        "postgres",
        "clock",
        "migrations",
        "marts",
        f"key of {shop.name}",
        f"Trafft of {shop.name}",
    } == set(found)


def test_a_lost_key_is_found_with_advice(sixfb: Sixfb, connected: str, shop: Shop) -> None:
    result = sixfb("doctor", ENCRYPTION_KEY="k2:" + "B" * 43 + "=")
    assert result.exit_code == 1
    assert f"FAIL  key of {shop.name}: the credentials cannot be opened" in result.stdout


def test_a_rejected_token_is_found_with_advice(sixfb: Sixfb, connected: str, shop: Shop, simulator: Simulator) -> None:
    simulator.fail_next("token", status=401)
    result = sixfb("doctor")
    assert result.exit_code == 1
    assert f"FAIL  Trafft of {shop.name}: " in result.stdout
    assert "Copy Client ID and Client Secret again" in result.stdout


def test_a_disconnected_shop_is_not_asked(sixfb: Sixfb, connected: str, shop: Shop, simulator: Simulator) -> None:
    assert sixfb("shop", "disconnect", connected).exit_code == 0
    asked = len(simulator.requests)
    result = sixfb("doctor")
    assert result.exit_code == 0
    assert f"ok    {shop.name}: disconnected" in result.stdout
    assert len(simulator.requests) == asked


def test_a_database_that_does_not_answer_is_one_clear_failure(sixfb: Sixfb, tmp_path: Path) -> None:
    nowhere = f"postgresql://postgres:hunter2@localhost:5432/x?host={tmp_path}"
    result = sixfb("doctor", DATABASE_URL=nowhere)
    assert result.exit_code == 1
    assert "FAIL  postgres: the database cannot be used" in result.stdout
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


def test_a_sync_from_the_future_means_that_the_clock_is_wrong(sixfb: Sixfb, connected: str) -> None:
    with connect(sixfb.database_url, autocommit=True) as connection:
        sync_operations.start(connection, integrations.get_integration(connection, connected), "full")
        connection.execute("update control.sync_operations set started_at = now() + interval '1 hour'")
    result = sixfb("doctor")
    assert result.exit_code == 1
    assert "FAIL  clock: a sync is recorded for " in result.stdout


def test_marts_that_wait_for_a_load_too_long_are_told(sixfb: Sixfb, connected: str) -> None:
    assert "marts" not in sixfb("status").stderr
    with connect(sixfb.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into raw_trafft._dlt_loads (load_id, schema_name, status, inserted_at)"
            " values ('1', 'trafft', 0, now() - interval '1 hour')"
        )
    assert "The marts are behind since" in sixfb("status").stderr
    assert checks(json.loads(sixfb("doctor", "--json").stdout))["marts"] == "fail"


def test_psql_reaches_the_database_with_its_own_arguments(sixfb: Sixfb, connected: str, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    assert sixfb("psql", "-At", "-o", str(answer), "-c", "select id from control.integrations").exit_code == 0
    assert answer.read_text().strip() == connected


def test_a_failed_sync_and_a_broken_key_ring_show_in_the_doctors_report(sixfb: Sixfb, connected: str) -> None:
    with connect(sixfb.database_url, autocommit=True) as connection:
        integrations.mark_error(connection, connected, "ServerError: Trafft answered 503.")
        [name] = [one.name for one in integrations.list_integrations(connection)]
    assert checks(sixfb.json("doctor", "--json"))[f"last sync of {name}"] == "warn"
    assert checks(json.loads(sixfb("doctor", "--json", ENCRYPTION_KEY="nonsense").stdout))["key"] == "fail"
