"""Pages and records: every envelope, every trouble with its error, what is tried again, and that nothing leaks."""

import logging
import time
import traceback
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from ingestion.http.policy import Policy
from ingestion.secrets import Secret
from ingestion.trafft.answers import message_of
from ingestion.trafft.client import TrafftClient, decode_page
from ingestion.trafft.errors import (
    BrokenAnswer,
    ConnectionLost,
    FeatureNotEnabled,
    InsecureUrl,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    RedirectRefused,
    ResponseTooLarge,
    ServerError,
    Timeout,
    TrafftError,
    UnexpectedResponse,
    ValidationFailed,
)
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import BASE_URL, credentials_of, open_account

RECORDS = [{"id": 1}, {"id": 2}]


def decode(value: Any) -> tuple[list[Any], int | None, int | None, int | None]:
    page = decode_page(orjson.dumps(value), 3, START)
    assert (page.number, page.requested_at) == (3, START)
    return page.records, page.total, page.pages, page.limit


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"data": RECORDS, "pagination": {"total": 9, "page": 3, "limit": 4, "pages": 5}}, (9, 5, 4)),
        ({"data": RECORDS, "current_page": 3, "last_page": 5, "total": 9, "per_page": 4}, (9, 5, 4)),
        ({"data": RECORDS, "meta": {"total": 9, "per_page": "4", "last_page": "5"}}, (9, 5, 4)),
        ({"data": RECORDS, "meta": "v2", "total": 9}, (9, None, None)),
        ({"data": RECORDS, "pagination": {"total": 0, "pages": 0}}, (0, 0, None)),
        ({"data": RECORDS, "pagination": {"total": None, "limit": -1, "pages": 1.5}}, (None, None, None)),
        ({"data": RECORDS, "pagination": {"total": True, "limit": "9" * 40, "pages": "²"}}, (None, None, None)),
        ({"data": RECORDS}, (None, None, None)),
        (RECORDS, (None, None, None)),
    ],
)
def test_a_page_is_read_from_any_envelope(answer: Any, told: tuple[int | None, ...]) -> None:
    assert decode(answer) == (RECORDS, *told)


@pytest.mark.parametrize("answer", [{}, {"data": {"id": 1}}, {"data": None}, {"message": "Hello"}, 7, None, "text"])
def test_an_answer_without_a_list_is_unexpected(answer: Any) -> None:
    with pytest.raises(UnexpectedResponse, match="no list of records"):
        decode(answer)


@pytest.mark.parametrize(
    "body", [b"<!doctype html><html>", b"\xef\xbb\xbf \n<html>", b"<?xml version='1.0'?>", b"<html>{}"]
)
def test_a_web_page_is_told_from_broken_json(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse, match="not the API URL"):
        decode_page(body, 1, START)


@pytest.mark.parametrize("body", [b"", b"  ", b'{"data": [{"id": 1}, {"i', b"[1, 2", b"OK", b"[" * 100_000])
def test_json_that_breaks_off_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        decode_page(body, 1, START)


def test_one_name_in_broken_unicode_does_not_cost_the_page() -> None:
    page = decode_page(b'{"data": [{"id": 1, "first_name": "\\ud800"}, {"id": 2}]}', 1, START)
    assert [record["id"] for record in page.records] == [1, 2]


def test_a_page_is_asked_for_by_number_limit_and_hints() -> None:
    account = open_account()
    page = account.client.page("appointments", 2, limit=7, params={"sort_by": "created_at"})
    assert (page.number, len(page.records), page.limit) == (2, 7, 7)
    assert page.total == len(account.shop.truth().appointments)
    assert account.asked("appointments")[0].query == "sort_by=created_at&page=2&limit=7"


@pytest.mark.parametrize("single_record", ["bare", "data"])
def test_a_record_is_read_bare_or_wrapped(single_record: Any) -> None:
    account = open_account(Modes(single_record=single_record))
    customer = account.shop.truth().customers[0]
    record = account.client.record("customers", customer.id)
    assert (str(record["id"]), record["first_name"]) == (customer.id, customer.first_name)


def test_a_record_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        open_account().client.record("customers", "999999")


@pytest.mark.parametrize("external_id", ["", ".", "..", "../services", "1/2", "1?page=2", "1#x", "é"])
def test_no_id_can_lead_to_another_path(external_id: str) -> None:
    account = open_account()
    with pytest.raises(NotFound):
        account.client.record("customers", external_id)
    assert all(seen.path.startswith("/api/v2/customers/") and not seen.query for seen in account.asked("customers"))
    assert account.asked("services") == []


def test_a_single_appointment_cannot_be_read() -> None:
    with pytest.raises(MethodNotAllowed, match="read the list"):
        open_account().client.record("appointments", "1")


PASSING: list[tuple[dict[str, Any], type[TrafftError]]] = [
    ({"status": 429}, RateLimited),
    ({"status": 500}, ServerError),
    ({"status": 502}, ServerError),
    ({"status": 503}, ServerError),
    ({"status": 504}, ServerError),
    ({"reset": True}, ConnectionLost),
    ({"cut": True}, BrokenAnswer),
    ({"truncated": True}, BrokenAnswer),
    ({"slow": 3600.0}, Timeout),
]
LASTING: list[tuple[dict[str, Any], type[TrafftError]]] = [
    ({"status": 400}, ValidationFailed),
    ({"status": 403}, FeatureNotEnabled),
    ({"status": 404}, NotFound),
    ({"status": 405}, MethodNotAllowed),
    ({"status": 422}, ValidationFailed),
    ({"status": 418}, UnexpectedResponse),
    ({"html": True}, UnexpectedResponse),
    ({"status": 302, "headers": {"Location": "https://evil.example/"}}, RedirectRefused),
    ({"body": b'{"data": [' + b" " * 5_000_000 + b"]}"}, ResponseTooLarge),
]


@pytest.mark.parametrize(("fault", "kind"), PASSING)
def test_what_passes_is_asked_for_again(fault: dict[str, Any], kind: type[TrafftError]) -> None:
    account = open_account()
    account.simulator.fail_next("services", times=3, **fault)
    assert account.client.page("services", 1).records
    assert account.client.stats.retries == 3
    assert account.time.slept == [0.5, 1, 2]


@pytest.mark.parametrize(("fault", "kind"), PASSING)
def test_what_does_not_pass_in_time_has_its_error(fault: dict[str, Any], kind: type[TrafftError]) -> None:
    account = open_account(policy=Policy(requests_per_minute=1e9, burst=1_000, retries=2))
    account.simulator.fail_next("services", times=99, **fault)
    with pytest.raises(kind) as caught:
        account.client.page("services", 1)
    assert (type(caught.value), caught.value.where) == (kind, "GET /api/v2/services")
    assert len(account.asked("services")) == 3


@pytest.mark.parametrize(("fault", "kind"), LASTING)
def test_what_will_not_pass_is_asked_for_once(fault: dict[str, Any], kind: type[TrafftError]) -> None:
    account = open_account(policy=Policy(body_bytes=4_000_000))
    account.simulator.fail_next("services", times=99, **fault)
    with pytest.raises(kind) as caught:
        account.client.page("services", 1)
    assert (type(caught.value), caught.value.where) == (kind, "GET /api/v2/services")
    assert caught.value.advice
    assert len(account.asked("services")) == 1


@pytest.mark.parametrize("form", ["seconds", "http_date"])
def test_a_throttled_account_is_read_at_the_pace_it_asks_for(form: Any) -> None:
    account = open_account(Modes(requests_per_minute=30, retry_after=form))
    for _ in range(40):
        account.client.check()
    refused = [seen for seen in account.asked("services") if seen.status == 429]
    assert refused
    assert account.client.stats.retries == len(refused)
    assert all(slept >= 2 for slept in account.time.slept)


def test_a_page_is_dated_by_the_beginning_of_the_attempt_that_brought_it() -> None:
    account = open_account()
    account.simulator.fail_next("services", status=503, retry_after=40)
    account.simulator.after_each_page("services", lambda _pages: account.time.pass_by(7))
    assert account.client.page("services", 1).requested_at == START + timedelta(seconds=40.5)


def test_traffic_is_counted() -> None:
    account = open_account()
    account.client.check()
    account.simulator.fail_next("services", status=503)
    account.client.check()
    stats = account.client.stats
    assert (stats.requests, stats.retries, stats.back_off_seconds) == (4, 1, 0.5)
    assert stats.bytes > 0


def test_two_shops_on_one_host_see_only_their_own() -> None:
    account = open_account()
    other = Shop.generate(seed=7, number=2, clock=account.simulator.clock, appointments=50)
    simulator = Simulator([account.shop, other], clock=account.simulator.clock)
    for shop in (account.shop, other):
        with TrafftClient(BASE_URL, credentials_of(shop), transport=httpx.MockTransport(simulator)) as client:
            names = {record["name"] for record in client.page("locations", 1).records}
        assert names == {location.name for location in shop.truth().locations}


@pytest.mark.parametrize(
    "base_url",
    [
        "http://elitecuts.admin.trafft.com",
        "http://127.0.0.1:8801",
        "https://elitecuts.admin.trafft.com/somewhere",
        "elitecuts",
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused_before_anything_is_sent(base_url: str) -> None:
    account = open_account()
    with pytest.raises(InsecureUrl, match="API card"):
        TrafftClient(base_url, credentials_of(account.shop), transport=httpx.MockTransport(account.simulator))
    assert list(account.simulator.requests) == []


def test_check_explains_what_is_wrong_with_the_account() -> None:
    open_account().client.check()
    with pytest.raises(FeatureNotEnabled, match="plan"):
        open_account(Modes(plan="without_api")).client.check()
    account = open_account()
    account.simulator.fail_next("token", html=True)
    with pytest.raises(UnexpectedResponse, match="Copy the API URL from Trafft's API card"):
        account.client.check()


@pytest.mark.parametrize(("fault", "kind"), PASSING + LASTING)
def test_no_error_and_no_log_shows_a_secret(
    fault: dict[str, Any], kind: type[TrafftError], caplog: pytest.LogCaptureFixture
) -> None:
    account = open_account(policy=Policy(retries=1, body_bytes=4_000_000))
    for resource in ("token", "services"):
        account.simulator.fail_next(resource, times=2, **fault)
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            with pytest.raises(TrafftError) as caught:
                account.client.page("services", 1, params={"email": "noah@example.com"})
            account.simulator.clear_faults()
            account.simulator.fail_next("services", times=2, **fault)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(account.client) + caplog.text
    for secret in (account.shop.client_id, account.shop.client_secret, "Bearer", "sim."):
        assert secret not in told
    assert "noah" not in str(caught.value)


def test_a_server_that_repeats_our_secrets_does_not_make_us_tell_them() -> None:
    account = open_account()
    said = f"bad form client_id={account.shop.client_id}&client_secret={account.shop.client_secret}\r\nX: \x1b[2J"
    for resource in ("token", "services"):
        account.simulator.fail_next(resource, status=403, body=orjson.dumps({"message": said}))
        with pytest.raises(FeatureNotEnabled) as caught:
            account.client.check()
        assert "bad form client_id=***&client_secret=*** X:" in str(caught.value)
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"message": "", "error": {"code": 7}, "detail": "No such plan"}', "No such plan"),
        (b'{"message": "not hush, please"}', ""),
        (b"<html>hush</html>", ""),
        (b"[1]", ""),
    ],
)
def test_an_error_says_what_can_be_made_out_and_nothing_that_is_secret(body: bytes, told: str) -> None:
    """A secret too short to be blanked out, as too much else would be with it, silences the whole text."""
    assert message_of(body, [Secret("hush")]) == told


@pytest.mark.parametrize("body", [b"[]", b'{"data": [1]}', b'"text"'])
def test_an_answer_without_a_record_is_unexpected(body: bytes) -> None:
    account = open_account()
    account.simulator.fail_next("customers", body=body)
    with pytest.raises(UnexpectedResponse, match="no record"):
        account.client.record("customers", "1")


def loopback_client(url: str, shop: Shop, **policy: Any) -> TrafftClient:
    return TrafftClient(url, credentials_of(shop), policy=Policy(allow_loopback=True, back_off_base=0.01, **policy))


def test_over_a_socket_every_fault_of_the_wire_is_survived(
    simulator: Simulator, simulator_url: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    simulator.fail_next("appointments", reset=True)
    simulator.fail_next("appointments", cut=True)
    simulator.fail_next("appointments", truncated=True)
    simulator.fail_next("appointments", status=503)
    with loopback_client(simulator_url, shop) as client:
        page = client.page("appointments", 1)
        assert (len(page.records), client.stats.retries) == (100, 4)


def test_over_a_socket_a_silent_server_and_a_dribbling_one_are_given_up(
    simulator: Simulator, simulator_url: str, shop: Shop
) -> None:
    with loopback_client(simulator_url, shop, retries=0, read_seconds=0.2, attempt_seconds=0.4) as client:
        client.check()
        for fault in ({"slow": 1.0}, {"dribble": 1.5}):
            simulator.fail_next("appointments", **fault)  # type: ignore[arg-type]  # both are numbers of seconds
            began = time.monotonic()
            with pytest.raises(Timeout):
                client.page("appointments", 1)
            assert time.monotonic() - began < 0.9
