"""Tokens: fetched once, renewed in time, replayed once on a 401, never in circles, one exchange for all threads."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from ingestion.http.policy import Policy
from ingestion.secrets import Secret
from ingestion.trafft.auth import Credentials, StaticToken, _lifetime
from ingestion.trafft.client import TrafftClient
from ingestion.trafft.errors import (
    AuthenticationFailed,
    FeatureNotEnabled,
    RateLimited,
    ServerError,
    TrafftError,
    UnexpectedResponse,
)
from simulator.modes import Modes
from tests.ingestion.trafft.account import BASE_URL, Account, open_account

TOKEN_PATH = "/api/v2/token"


def exchanges(account: Account) -> int:
    return len(account.asked("token"))


def a_real_token(account: Account) -> str:
    """Return a token as any client would get one."""
    form = {
        "grant_type": "client_credentials",
        "client_id": account.shop.client_id,
        "client_secret": account.shop.client_secret,
    }
    answer = account.simulator(httpx.Request("POST", BASE_URL + TOKEN_PATH, data=form))
    account.simulator.requests.clear()
    return str(answer.json()["access_token"])


def in_threads(count: int, work: Callable[[], object]) -> list[BaseException]:
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@pytest.mark.parametrize("key", ["access_token", "token", "accessToken"])
def test_one_token_serves_many_requests(key: str) -> None:
    account = open_account(Modes(token_key=key))  # type: ignore[arg-type]  # one of the literals
    for _ in range(5):
        account.client.check()
    assert (exchanges(account), len(account.asked("services"))) == (1, 5)


def test_a_token_is_renewed_a_minute_before_it_ends() -> None:
    account = open_account()
    account.client.check()
    account.time.pass_by(3539)
    account.client.check()
    assert exchanges(account) == 1
    account.time.pass_by(2)
    account.client.check()
    assert exchanges(account) == 2
    assert {seen.status for seen in account.simulator.requests} == {200}


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3540), (3600.5, 3540.5), ("3600", 3540), (90, 45), (None, 2700), ("soon", 2700), (True, 2700), (-5, 2700)],
)
def test_the_lifetime_is_what_the_token_says_less_a_minute_or_else_45_minutes(
    expires_in: object, seconds: float
) -> None:
    assert _lifetime(expires_in) == seconds


def test_a_token_without_a_lifetime_is_used_for_45_minutes() -> None:
    account = open_account()
    token = a_real_token(account)
    account.simulator.fail_next("token", body=orjson.dumps({"access_token": token, "expires_in": "a while"}))
    account.client.check()
    account.time.pass_by(45 * 60 - 1)
    account.client.check()
    assert exchanges(account) == 1
    account.time.pass_by(2)
    account.client.check()
    assert exchanges(account) == 2


def test_a_revoked_token_is_replaced_and_the_request_made_again() -> None:
    account = open_account()
    account.client.check()
    account.simulator.revoke_tokens(account.shop)
    account.simulator.requests.clear()
    account.client.check()
    assert [(seen.method, seen.status) for seen in account.simulator.requests] == [
        ("GET", 401),
        ("POST", 200),
        ("GET", 200),
    ]


def test_a_401_that_stays_ends_after_one_replay() -> None:
    account = open_account()
    account.simulator.fail_next("services", times=99, status=401)
    with pytest.raises(AuthenticationFailed) as caught:
        account.client.check()
    assert [(seen.method, seen.status) for seen in account.simulator.requests] == [
        ("POST", 200),
        ("GET", 401),
        ("POST", 200),
        ("GET", 401),
    ]
    assert "Client Secret" in caught.value.advice


def test_threads_share_one_exchange() -> None:
    account = open_account()
    account.simulator.fail_next("token", times=8, slow=0.05)  # long enough for all to want one
    assert in_threads(8, account.client.check) == []
    assert exchanges(account) == 1


def test_threads_share_one_renewal_after_a_401() -> None:
    account = open_account()
    account.client.check()
    account.simulator.revoke_tokens(account.shop)
    account.simulator.fail_next("token", times=8, slow=0.05)
    assert in_threads(8, account.client.check) == []
    assert exchanges(account) == 2


def test_an_exchange_that_fails_leaves_no_thread_waiting() -> None:
    account = open_account(policy=Policy(requests_per_minute=1e9, burst=1_000, retries=0))
    account.simulator.fail_next("token", times=4, reset=True)
    failures = in_threads(8, account.client.check)
    assert [type(error).__name__ for error in failures] == ["ConnectionLost"] * 4
    assert exchanges(account) == 5


def test_wrong_credentials_are_told_at_once_and_not_tried_twice() -> None:
    wrong = Credentials(Secret("sim0001-wrong-client"), Secret("wrong-secret-0123456789"))
    account = open_account(credentials=wrong)
    with pytest.raises(AuthenticationFailed) as caught:
        account.client.check()
    assert caught.value.where == "POST /api/v2/token"
    assert "API card" in str(caught.value)
    assert exchanges(account) == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"status": 429}, {"reset": True}, {"cut": True}])
def test_an_exchange_is_tried_again_when_trafft_has_a_bad_moment(fault: dict[str, Any]) -> None:
    account = open_account()
    account.simulator.fail_next("token", times=2, **fault)
    account.client.check()
    assert exchanges(account) == 3
    assert account.client.stats.retries == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"html": True}, UnexpectedResponse),
        ({"body": b"[]"}, UnexpectedResponse),
        ({"body": b"{}"}, UnexpectedResponse),
        ({"body": b'{"access_token": 7}'}, UnexpectedResponse),
        ({"body": b'{"access_token": "two words"}'}, UnexpectedResponse),
        ({"body": b'{"access_token": "line\\r\\nend"}'}, UnexpectedResponse),
        ({"body": '{"access_token": "ключ"}'.encode()}, UnexpectedResponse),
        ({"status": 404}, UnexpectedResponse),
        ({"status": 405}, UnexpectedResponse),
        ({"status": 400}, AuthenticationFailed),
        ({"status": 422}, AuthenticationFailed),
        ({"status": 403}, FeatureNotEnabled),
        ({"status": 429, "retry_after": 3}, RateLimited),
        ({"status": 502}, ServerError),
    ],
)
def test_every_failed_exchange_has_its_error(fault: dict[str, Any], kind: type[TrafftError]) -> None:
    account = open_account()
    account.simulator.fail_next("token", times=99, **fault)
    with pytest.raises(kind) as caught:
        account.client.check()
    assert caught.value.where == "POST /api/v2/token"
    assert account.asked("services") == []


def test_a_silent_token_endpoint_is_given_up() -> None:
    account = open_account()
    account.simulator.fail_next("token", times=1, slow=3600)
    account.client.check()
    assert account.client.stats.retries == 1


def static_client(account: Account, token: str) -> TrafftClient:
    transport = httpx.MockTransport(account.simulator)
    return TrafftClient(BASE_URL, StaticToken(Secret(token)), transport=transport, timing=account.time.timing)


def test_a_static_token_is_sent_as_it_is() -> None:
    account = open_account()
    token = a_real_token(account)
    static_client(account, token).check()
    assert [(seen.method, seen.status) for seen in account.simulator.requests] == [("GET", 200)]


def test_a_refused_static_token_is_not_exchanged() -> None:
    account = open_account()
    with pytest.raises(AuthenticationFailed):
        static_client(account, "no-such-token").check()
    assert [(seen.method, seen.status) for seen in account.simulator.requests] == [("GET", 401)]


def test_a_static_token_that_cannot_be_sent_is_refused_unseen() -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        static_client(open_account(), "my-token\n")
    assert "my-token" not in str(caught.value)
