"""`sixfb sync` without a running installation: a real Dagster run here, followed to its end."""

import json
import signal
import subprocess

import pytest
from click.testing import CliRunner

from cli.commands.sync import sync
from cli.environment import inherited
from cli.programs import program
from ingestion.control.database import connect
from simulator.server import Simulator
from simulator.shop import Shop
from tests.cli.conftest import Sixfb
from tests.cli.processes_of import eventually
from tests.cli.test_shop import arguments, secrets

pytestmark = pytest.mark.sql


@pytest.fixture
def connected(sixfb: Sixfb, shop: Shop, simulator_url: str) -> dict[str, str]:
    ids: dict[str, str] = sixfb.json(*arguments(shop, simulator_url, *secrets(shop)))
    return ids


@pytest.mark.slow
def test_a_sync_is_a_real_run_and_its_counts_are_printed(
    sixfb: Sixfb, connected: dict[str, str], shop: Shop, simulator: Simulator
) -> None:
    outcome = sixfb.json("sync", connected["barbershopId"][:13], "--type", "full")
    assert (outcome["status"], outcome["runStatus"]) == ("success", "SUCCESS")
    assert {name: counts["new"] for name, counts in outcome["resources"].items()} == shop.truth().counts
    with connect(sixfb.database_url) as connection:
        run = connection.execute("select status from dagster.runs where run_id = %s", (outcome["runId"],)).fetchone()
    assert run == ("SUCCESS",)

    simulator.fail_next("token", times=20, status=401)
    failed = sixfb("sync", connected["integrationId"], "--type", "incremental")
    assert failed.exit_code == 1
    assert "The sync did not succeed: " in failed.stderr
    assert "Copy Client ID and Client Secret again" in failed.stderr
    assert shop.client_secret not in failed.output
    [status] = sixfb.json("status", "--json")["shops"]
    assert status["state"].startswith("needs you: token rejected") is True


@pytest.mark.slow
def test_ctrl_c_ends_a_sync_in_order(sixfb: Sixfb, connected: dict[str, str], simulator: Simulator) -> None:
    simulator.fail_next("appointments", times=100, slow=9.0)
    command = program("sixfb", "sync", connected["integrationId"], "--type", "full")
    # The settings of the fixture are in our own environment.
    with subprocess.Popen(
        command, env=inherited(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert eventually(
            lambda: sixfb.json("status", "--json")["shops"][0]["state"].startswith("syncing"), seconds=120
        )
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, ""), stderr
    assert "Traceback" not in stderr
    with connect(sixfb.database_url) as connection:
        assert connection.execute("select status from dagster.runs").fetchall() == [("FAILURE",)], "not left running"
        assert connection.execute("select status from control.sync_operations").fetchall() == [("failed",)]


@pytest.mark.parametrize("beginning", ["integrationId", "barbershopId"])
def test_an_id_that_fits_no_shop_is_refused(sixfb: Sixfb, connected: dict[str, str], beginning: str) -> None:
    wrong = ("0" if connected[beginning][0] != "0" else "1") * 8
    result = sixfb("sync", wrong)
    assert result.exit_code == 1
    assert f"No shop has an id that begins with '{wrong}'" in result.stderr


def test_a_beginning_that_fits_several_shops_is_refused(
    sixfb: Sixfb, connected: dict[str, str], shop: Shop, simulator_url: str
) -> None:
    sixfb.json(*arguments(shop, simulator_url, *secrets(shop), "--name", "Another"))
    result = sixfb("sync", "")
    assert result.exit_code == 1
    assert "fits 2 shops" in result.stderr


def test_without_a_shop_the_way_to_connect_one_is_named(sixfb: Sixfb) -> None:
    result = sixfb("sync", "abc")
    assert result.exit_code == 1
    assert "Connect one with `sixfb shop connect`" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Name the shops to sync, or say --all."),
        (["abc", "--all"], "Name the shops to sync, or say --all."),
        (["abc", "--from", "2026-03-01"], "--from and --to belong to --type backfill."),
        (["abc", "--type", "backfill", "--from", "2026-03-01"], "A back-fill needs --from and --to."),
        (["abc", "--type", "backfill", "--from", "2026-03-02", "--to", "2026-03-01"], "--to is before --from."),
        (["abc", "--type", "webhook"], "'webhook' is not one of"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_before_anything_starts(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(sync, arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr


@pytest.mark.slow
def test_several_shops_are_one_run(
    sixfb: Sixfb, connected: dict[str, str], shop: Shop, simulator: Simulator, simulator_url: str
) -> None:
    other = sixfb.json(*arguments(shop, simulator_url, *secrets(shop), "--name", "Another"))
    simulator.fail_next("employees", times=1, status=404)
    result = sixfb("sync", "--all", "--type", "full")
    assert result.exit_code == 1
    documents = {each["integrationId"]: each for each in json.loads(result.stdout)}
    assert documents.keys() == {connected["integrationId"], other["integrationId"]}
    assert len({each["runId"] for each in documents.values()}) == 1
    assert sorted(each["status"] for each in documents.values()) == ["failed", "success"]
    assert "did not succeed" in result.stderr
    days = ("--from", "2026-01-01", "--to", "2026-01-31")
    [one] = [sixfb.json("sync", other["integrationId"], "--type", "backfill", *days)]
    assert (one["status"], one["runStatus"]) == ("success", "SUCCESS")
    with connect(sixfb.database_url) as connection:
        spans = connection.execute("select date_from, date_to from control.sync_operations where date_from is not null")
        assert [(start.isoformat(), end.isoformat()) for start, end in spans] == [
            ("2026-01-01T05:00:00+00:00", "2026-02-01T05:00:00+00:00")
        ]
