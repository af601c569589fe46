"""Who gets in: tokens, grants, expiry, revocation, plans without API, and walls between shops."""

from datetime import timedelta

import pytest

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


@pytest.fixture
def account(shop: Shop, simulator: Simulator) -> Account:
    return Account(shop, simulator)


def test_good_credentials_get_a_bearer_token_for_an_hour(account: Account) -> None:
    answer = account.ask_token()
    assert answer.status_code == 200
    assert list(answer.json()) == ["token_type", "expires_in", "access_token"]
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600
    assert account.log_in().get("services").status_code == 200


@pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
def test_bad_credentials_are_refused_as_oauth_servers_do(account: Account, wrong: str) -> None:
    answer = account.ask_token(**{wrong: "nonsense"})
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["message"] == "Client authentication failed"


@pytest.mark.parametrize("grant", ["password", "authorization_code", ""])
def test_an_unsupported_grant_is_a_bad_request(account: Account, grant: str) -> None:
    answer = account.ask_token(grant_type=grant)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"
    assert "hint" in answer.json()


def test_a_json_body_is_no_token_request(account: Account) -> None:
    body = {"grant_type": "client_credentials", "client_id": account.shop.client_id}
    assert account.http.post("/api/v2/token", json=body).status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sim.e30.00", "Bearer sim.%%%.00", "Basic abc", "Bearer x"])
def test_a_missing_or_unknown_bearer_is_denied(account: Account, header: str) -> None:
    answer = account.http.get("/api/v2/customers", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["error"] == "access_denied"
    assert answer.json()["hint"] == "Access token is invalid"


def test_a_client_id_is_no_bearer_token(account: Account) -> None:
    answer = account.http.get("/api/v2/customers", headers={"Authorization": f"Bearer {account.shop.client_id}"})
    assert answer.status_code == 401


def test_a_token_expires_by_the_clock_and_a_new_one_works(account: Account, clock: Clock) -> None:
    account.log_in()
    clock.advance(timedelta(seconds=3599))
    assert account.get("employees").status_code == 200
    clock.advance(timedelta(seconds=1))
    assert account.get("employees").status_code == 401
    assert account.log_in().get("employees").status_code == 200


def test_tokens_revoked_in_mid_scan_are_denied_from_then_on(account: Account, simulator: Simulator) -> None:
    account.log_in()
    assert account.page("appointments", page=1, limit=10)
    simulator.revoke_tokens(account.shop)
    assert account.get("appointments", page=2, limit=10).status_code == 401
    assert account.log_in().page("appointments", page=2, limit=10)


def test_a_token_survives_a_restart_of_the_simulator(account: Account, shop: Shop, clock: Clock) -> None:
    account.log_in()
    restarted = Account(shop, Simulator([shop], clock=clock))
    restarted.http.headers["Authorization"] = account.http.headers["Authorization"]
    assert restarted.get("services").status_code == 200


def test_a_forged_token_of_another_tenant_is_denied(account: Account, clock: Clock) -> None:
    """The claims of one shop under the signature of another."""
    other = Shop.generate(seed=7, number=2, clock=clock)
    both = Simulator([account.shop, other], clock=clock)
    mine, theirs = (
        Account(shop, both).log_in().http.headers["Authorization"].split(".") for shop in (account.shop, other)
    )
    forger = Account(account.shop, both)
    forger.http.headers["Authorization"] = ".".join([mine[0], theirs[1], mine[2]])
    assert forger.get("customers").status_code == 401


def test_two_shops_on_one_origin_never_see_each_others_rows(clock: Clock) -> None:
    """Their ids overlap on purpose, so equal ids are no leak; names and counts would be."""
    shops = [Shop.generate(seed=7, number=number, clock=clock, appointments=200) for number in (1, 2)]
    both = Simulator(shops, clock=clock)
    accounts = [Account(shop, both).log_in() for shop in shops]
    for account in accounts:
        truth = account.shop.truth()
        shown = {(str(r["id"]), r["first_name"], r["last_name"]) for r in account.sweep("customers")}
        assert shown == {(c.id, c.first_name, c.last_name) for c in truth.customers}
        assert len(account.sweep("appointments")) == len(truth.appointments)
    numbers = [{a.id for a in shop.truth().appointments} for shop in shops]
    assert numbers[0] & numbers[1]


def test_a_plan_without_api_is_told_so(clock: Clock) -> None:
    shop = Shop.generate(seed=7, clock=clock, modes=Modes(plan="without_api"))
    answer = Account(shop, Simulator([shop], clock=clock)).log_in().get("customers")
    assert answer.status_code == 403
    assert answer.json() == {"message": "Feature is not enabled"}


@pytest.mark.parametrize("key", ["access_token", "token", "accessToken"])
def test_the_tokens_name_follows_the_mode(clock: Clock, key: str) -> None:
    shop = Shop.generate(seed=7, clock=clock, modes=Modes(token_key=key, token_seconds=90))  # type: ignore[arg-type]
    answer = Account(shop, Simulator([shop], clock=clock)).ask_token().json()
    assert answer[key].startswith("sim.")
    assert answer["expires_in"] == 90


def test_no_representation_shows_a_secret(account: Account, shop: Shop, simulator: Simulator) -> None:
    account.log_in()
    shown = f"{shop!r} {simulator!r} {list(simulator.requests)!r} {shop.plan!r} {simulator._tokens!r}"
    assert shop.client_secret not in shown
    assert account.http.headers["Authorization"].removeprefix("Bearer ") not in shown
