"""Faults happen to the requests they are meant for, as often as asked, and to nothing else."""

from email.utils import parsedate_to_datetime

import httpx
import pytest

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account


@pytest.fixture
def account(shop: Shop, simulator: Simulator) -> Account:
    return Account(shop, simulator).log_in()


@pytest.mark.parametrize("status", [401, 403, 500, 502, 503, 504])
def test_a_status_is_answered_as_often_as_asked(account: Account, simulator: Simulator, status: int) -> None:
    simulator.fail_next("appointments", times=2, status=status)
    assert [account.get("appointments").status_code for _ in range(3)] == [status, status, 200]


def test_other_resources_and_other_shops_are_spared(shop: Shop, clock: Clock) -> None:
    other = Shop.generate(seed=7, number=2, clock=clock)
    both = Simulator([shop, other], clock=clock)
    mine, theirs = Account(shop, both).log_in(), Account(other, both).log_in()
    both.fail_next("appointments", status=500, client_id=shop.client_id)
    assert theirs.get("appointments").status_code == 200
    assert mine.get("customers").status_code == 200
    assert mine.get("appointments").status_code == 500


def test_a_fault_waits_for_its_page(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", after_pages=2, status=503)
    assert [account.get("appointments", page=n).status_code for n in (1, 2, 3, 3)] == [200, 200, 503, 200]


def test_any_resource_can_be_meant_and_faults_be_called_off(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("*", status=500)
    assert account.get("services").status_code == 500
    simulator.fail_next("*", times=5, status=500)
    simulator.clear_faults()
    assert account.get("services").status_code == 200


def test_the_token_endpoint_fails_too(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("token", status=503)
    assert account.ask_token().status_code == 503
    assert account.ask_token().status_code == 200


def test_too_many_attempts_say_when_to_come_back(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", status=429, retry_after=2)
    answer = account.get("appointments")
    assert answer.headers["Retry-After"] == "2"
    assert answer.json() == {"message": "Too Many Attempts."}
    simulator.fail_next("appointments", status=429, retry_after="abc")
    assert account.get("appointments").headers["Retry-After"] == "abc"
    simulator.fail_next("appointments", status=429)
    assert "Retry-After" not in account.get("appointments").headers


def test_retry_after_may_be_a_date(clock: Clock) -> None:
    shop = Shop.generate(seed=7, clock=clock, modes=Modes(retry_after="http_date"))
    simulator = Simulator([shop], clock=clock)
    account = Account(shop, simulator).log_in()
    simulator.fail_next("appointments", status=429, retry_after=30)
    answer = account.get("appointments")
    moments = [parsedate_to_datetime(answer.headers[name]) for name in ("Retry-After", "Date")]
    assert (moments[0] - moments[1]).total_seconds() == 30
    assert moments[1] == clock.now()


def test_html_comes_with_status_200(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("customers", html=True)
    answer = account.get("customers")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_truncated_json_stops_half_way(account: Account, simulator: Simulator) -> None:
    whole = account.get("customers").content
    simulator.fail_next("customers", truncated=True)
    assert account.get("customers").content == whole[: len(whole) // 2]


def test_an_empty_page_keeps_its_pagination_and_a_vanished_list_does_not(
    account: Account, simulator: Simulator
) -> None:
    pagination = account.get("customers").json()["pagination"]
    simulator.fail_next("customers", empty=True)
    assert account.get("customers").json() == {"data": [], "pagination": pagination}
    simulator.fail_next("customers", vanished=True)
    assert account.get("customers").json()["pagination"]["total"] == 0


def test_any_bytes_and_headers_can_be_sent(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("customers", body=b'{"data": NaN}', headers={"Location": "http://169.254.169.254"}, status=302)
    answer = account.get("customers")
    assert (answer.status_code, answer.content) == (302, b'{"data": NaN}')
    assert answer.headers["Location"] == "http://169.254.169.254"


def test_a_reset_connection_is_a_read_error(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", reset=True)
    with pytest.raises(httpx.ReadError):
        account.get("appointments")


def test_a_connection_cut_in_the_body_is_a_protocol_error(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", cut=True)
    with pytest.raises(httpx.RemoteProtocolError):
        account.get("appointments")


def test_an_answer_slower_than_the_clients_patience_times_out_without_waiting(
    account: Account, simulator: Simulator
) -> None:
    simulator.fail_next("appointments", slow=60)
    with pytest.raises(httpx.ReadTimeout):
        account.get("appointments")


def test_an_answer_within_the_clients_patience_arrives_whole(account: Account, simulator: Simulator) -> None:
    whole = account.get("appointments").content
    simulator.fail_next("appointments", slow=0.02)
    simulator.fail_next("appointments", dribble=0.02)
    assert account.get("appointments").content == account.get("appointments").content == whole


def test_a_misspelt_fault_is_refused_at_once(simulator: Simulator) -> None:
    with pytest.raises(TypeError, match="stauts"):
        simulator.fail_next("appointments", stauts=500)
