"""`sixfb deletions`: what was too much to believe is shown, and a person decides."""

from pathlib import Path

import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from ingestion.sync import Installation, sync_integration
from ingestion.trafft.capabilities import Capabilities
from simulator.shop import Shop
from tests.cli.conftest import KEY_RING, Sixfb

pytestmark = [pytest.mark.sql, pytest.mark.slow]


@pytest.fixture
def integration_id(sixfb: Sixfb, shop: Shop, simulator_url: str) -> str:
    where = ["--base-url", simulator_url, "--timezone", shop.timezone, "--currency", shop.currency]
    secrets = ["--client-id", shop.client_id, "--client-secret", shop.client_secret]
    return str(sixfb.json("shop", "connect", "--name", shop.name, *where, *secrets)["integrationId"])


def sync(sixfb: Sixfb, integration_id: str) -> None:
    vault = Vault.from_ring(Secret(KEY_RING))
    installation = Installation(sixfb.database_url, vault, Path(sixfb.home.dlt), allow_loopback=True)
    sync_integration(installation, integration_id, sync_type="full")


def test_connecting_a_shop_notes_what_its_account_honours(sixfb: Sixfb, integration_id: str) -> None:
    with connect(sixfb.database_url) as connection:
        found = Capabilities.of(get_integration(connection, integration_id).feature_flags)
    assert (found.has_locations, found.reads_one_appointment, found.counts_records) == (True, False, True)


def test_a_person_decides_about_deletions(sixfb: Sixfb, shop: Shop, integration_id: str) -> None:
    sync(sixfb, integration_id)
    assert "No deletion waits" in sixfb("deletions", "list").output
    assert sixfb.json("deletions", "list", "--json") == []
    for one in shop.truth().appointments[:30]:
        shop.delete_appointment(one.id)
    sync(sixfb, integration_id)
    [waiting] = sixfb.json("deletions", "list", "--json")
    assert (waiting["shop"], waiting["resource"], waiting["stillMissing"]) == (shop.name, "appointments", 30)
    assert waiting["id"][:8] in sixfb("deletions", "list").stdout
    status = sixfb("status").output
    assert f"30 of {waiting['known']} appointments were missing at once" in status
    assert f"sixfb deletions accept {waiting['id'][:8]}" in status
    assert sixfb.json("status", "--json")["shops"][0]["heldDeletions"] == [waiting]
    assert "fits none" in sixfb("deletions", "accept", "00000000").output
    accepted = sixfb.json("deletions", "accept", waiting["id"][:8])
    assert (accepted["gone"], accepted["refused"]) == (30, 0)
    assert sixfb.json("status", "--json")["shops"][0]["heldDeletions"] == []
    assert "up to date" in sixfb.json("status", "--json")["shops"][0]["state"]


def test_a_dismissed_one_removes_nothing(sixfb: Sixfb, shop: Shop, integration_id: str) -> None:
    sync(sixfb, integration_id)
    for one in shop.truth().appointments[:30]:
        shop.delete_appointment(one.id)
    sync(sixfb, integration_id)
    [waiting] = sixfb.json("deletions", "list", "--json")
    assert "30 appointments stay as they were" in sixfb("deletions", "dismiss", waiting["id"]).output
    assert sixfb.json("deletions", "list", "--json") == []
    with connect(sixfb.database_url) as connection:
        assert connection.execute("select count(*) from raw_trafft.appointments where op = 'gone'").fetchone() == (0,)
