"""The demo end to end: what it prints and what it leaves equals the simulator's truth, row for row."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.shop import Shop
from tests.cli.demos import DemoHome
from tests.cli.expected import bookings_of, shops_of, totals_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]

RESOURCES = ("appointments", "customers", "services", "employees", "locations")
SEED = 11


@pytest.fixture(scope="module")
def home() -> Iterator[DemoHome]:
    with tempfile.TemporaryDirectory(prefix="sixfb-demo-", ignore_cleanup_errors=True) as folder:
        yield DemoHome(Path(folder))


@pytest.fixture(scope="module")
def document(home: DemoHome) -> Any:
    """The document of the first demo in this home."""
    return home.once("--seed", str(SEED))


@pytest.fixture(scope="module")
def shops(document: Any) -> list[Shop]:
    """The shops as the demo saw them."""
    return shops_of(2, SEED, datetime.fromisoformat(document["simulator"]["asOf"]))


def test_every_run_and_every_check_passed(document: Any) -> None:
    assert document["ok"]
    assert [(run["job"], run["status"]) for run in document["runs"]] == [
        ("full_sync", "SUCCESS"),
        ("analytics", "SUCCESS"),
    ]
    assert document["checks"]["failed"] == 0
    assert document["checks"]["passed"] > 100
    assert document["ui"] is None


def test_the_shops_are_the_simulators(document: Any, shops: list[Shop]) -> None:
    told = [(shop["name"], shop["timezone"], shop["currency"]) for shop in document["shops"]]
    assert told == [(shop.name, shop.timezone, shop.currency) for shop in shops]
    assert [shop["clientId"] for shop in document["simulator"]["shops"]] == [shop.client_id for shop in shops]
    assert not any(shop.client_secret in str(document) for shop in shops)


def test_the_counts_equal_the_truth(document: Any, shops: list[Shop]) -> None:
    for told, shop in zip(document["shops"], shops, strict=True):
        truth = shop.truth().counts
        for name in RESOURCES:
            counts = told["resources"][name]
            assert (counts["seen"], counts["new"]) == (truth[name], truth[name]), f"{name} of {shop.name}"
            assert (counts["changed"], counts["gone"], counts["quarantined"]) == (0, 0, 0)
            assert counts["complete"]


def test_revenue_and_clients_equal_an_independent_computation(document: Any, shops: list[Shop]) -> None:
    judged_at = datetime.fromisoformat(document["asOf"])
    for told, shop in zip(document["shops"], shops, strict=True):
        assert told["totals"] == totals_of(shop, judged_at), shop.name


def test_the_rows_equal_the_truth(home: DemoHome, document: Any, shops: list[Shop]) -> None:
    query = """
        select external_id, status, scheduled_at, ends_at, client_id, service_id, location_id, price
        from analytics.external_appointments
        where integration_id = %s
    """
    with home.database() as connection:
        for told, shop in zip(document["shops"], shops, strict=True):
            found = connection.execute(query, (told["integrationId"],)).fetchall()
            expected = [tuple(vars(booking).values()) for booking in bookings_of(shop.truth())]
            assert sorted(found, key=str) == sorted(expected, key=str), shop.name


def test_a_second_demo_of_unchanged_shops_appends_nothing(home: DemoHome, document: Any) -> None:
    with home.database() as connection:
        before = _raw_rows(connection)
    again = home.once_here("--as-of", document["simulator"]["asOf"])
    with home.database() as connection:
        assert _raw_rows(connection) == before
    for first, second in zip(document["shops"], again["shops"], strict=True):
        assert second["integrationId"] == first["integrationId"]
        for name in RESOURCES:
            counts = second["resources"][name]
            assert counts["seen"] == first["resources"][name]["seen"]
            assert (counts["new"], counts["changed"], counts["gone"]) == (0, 0, 0)


def _raw_rows(connection: Any) -> dict[str, int]:
    counts = {}
    for table in (*RESOURCES, "quarantine"):
        counts[table] = connection.execute(f"select count(*) from raw_trafft.{table}").fetchone()[0]
    return counts


def test_no_secret_is_left_readable_in_the_home(home: DemoHome, document: Any, shops: list[Shop]) -> None:
    secrets = [shop.client_secret.encode() for shop in shops]
    ring = (home.root / "encryption.key").read_text().strip().partition(":")[2].encode()
    for path in home.root.rglob("*"):
        if path.is_file() and path.name != "encryption.key":
            content = path.read_bytes()
            assert not any(secret in content for secret in (*secrets, ring)), path
