"""Which addresses exist: everything else is the single-page app with status 200, or a 404 or 405 below the API path."""

import pytest

from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


@pytest.fixture
def account(shop: Shop, simulator: Simulator) -> Account:
    return Account(shop, simulator).log_in()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/", "/login", "/api", "/api/v1/customers", "/api/v2", "/api/v2/", "/api/v3/token", "/v1/x", "/_simulator"]
)
def test_a_path_outside_the_api_is_the_single_page_app(account: Account, method: str, path: str) -> None:
    answer = account.http.request(method, path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")
    assert '<div id="app"></div>' in answer.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "appointments/18520", "DELETE"),
        ("GET", "coupons", "POST"),
        ("GET", "bookings", "POST"),
        ("GET", "token", "POST"),
        ("POST", "appointments", "GET"),
        ("PUT", "customers/1", "DELETE, GET, PATCH"),
        ("POST", "services", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_405_with_allow(account: Account, method: str, path: str, allowed: str) -> None:
    answer = account.http.request(method, f"/api/v2/{path}")
    assert answer.status_code == 405
    assert answer.json() == {"message": "Method Not Allowed"}
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path",
    ["payments", "webhooks", "categories", "settings", "customers/999999", "services/0", "employees/x", "locations/77"],
)
def test_what_the_api_does_not_have_is_404(account: Account, path: str) -> None:
    answer = account.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not found"}


def test_a_stranger_learns_nothing_about_what_exists(shop: Shop, simulator: Simulator) -> None:
    for path in ("payments", "customers", "customers/999999"):
        assert Account(shop, simulator).get(path).status_code == 401


def test_requests_are_logged_with_their_moment_and_bounded(account: Account, simulator: Simulator) -> None:
    account.get("customers", page=2, limit=5)
    last = simulator.requests[-1]
    assert (last.method, last.path, last.query, last.status) == ("GET", "/api/v2/customers", "page=2&limit=5", 200)
    assert last.moment == simulator.clock.now()
    assert simulator.requests.maxlen == 10_000
