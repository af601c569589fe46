"""Over a real socket: the same answers, real resets and stalls, and the control path for other processes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from simulator.clock import Clock
from simulator.server import Simulator
from simulator.serving import running
from simulator.shop import Shop
from tests.simulator.account import Account


@pytest.fixture
def account(shop: Shop, simulator_url: str) -> Iterator[Account]:
    account = Account(shop, None, origin=simulator_url).log_in()
    yield account
    account.http.close()


def steer(account: Account, method: str, path: str, **body: Any) -> httpx.Response:
    return account.http.request(method, f"/_simulator/{path}", json=body or None)


def test_a_socket_gives_the_same_bytes_as_the_callable(account: Account, simulator: Simulator) -> None:
    direct = Account(account.shop, simulator).log_in()
    for path in ("appointments", "customers", "services", "nothing", "appointments/1"):
        over_socket, called = account.get(path), direct.get(path)
        assert (over_socket.status_code, over_socket.content) == (called.status_code, called.content)
        assert over_socket.headers["Date"] == called.headers["Date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert account.http.get("/").headers["Content-Type"].startswith("text/html")
    assert account.http.delete("/api/v2/customers/0").status_code == 404


def test_a_reset_is_a_reset(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", reset=True)
    with pytest.raises(httpx.ReadError):
        account.get("appointments")
    assert account.get("appointments").status_code == 200


def test_a_body_cut_short_closes_the_connection(account: Account, simulator: Simulator) -> None:
    simulator.fail_next("appointments", cut=True)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        account.get("appointments")
    simulator.fail_next("appointments", truncated=True)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(account.get("appointments").content)


def test_a_slow_answer_exhausts_patience_and_a_dribbling_one_does_not(account: Account, simulator: Simulator) -> None:
    account.http.timeout = httpx.Timeout(0.5)
    simulator.fail_next("appointments", slow=1.2)
    with pytest.raises(httpx.ReadTimeout):
        account.get("appointments")
    simulator.fail_next("appointments", dribble=0.5)
    answer = account.get("appointments")
    assert answer.elapsed.total_seconds() > 0.4
    assert len(answer.json()["data"]) == 20


def test_many_clients_at_once_see_the_same(account: Account) -> None:
    bodies: list[bytes] = []

    def read() -> None:
        with httpx.Client(base_url=account.http.base_url, headers=account.http.headers) as client:
            bodies.extend(client.get("/api/v2/appointments").content for _ in range(10))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 80
    assert len(set(bodies)) == 1


def test_another_process_can_move_the_clock(account: Account, clock: Clock) -> None:
    moved = steer(account, "POST", "clock", advance_seconds=3600).json()
    assert moved == {"now": "2026-03-02T13:00:00+00:00", "frozen": True}
    assert clock.now() == datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert steer(account, "POST", "clock", unfreeze=True).json()["frozen"] is False
    assert steer(account, "POST", "clock", freeze="2026-05-01T00:00:00+00:00").json()["frozen"] is True
    assert steer(account, "GET", "clock").json()["now"] == "2026-05-01T00:00:00+00:00"


def test_another_process_can_order_faults_and_revoke_tokens(account: Account) -> None:
    steer(account, "POST", "faults", resource="customers", status=503, times=2)
    assert [account.get("customers").status_code for _ in range(3)] == [503, 503, 200]
    steer(account, "POST", "faults", resource="customers", status=503)
    steer(account, "DELETE", "faults")
    assert account.get("customers").status_code == 200
    steer(account, "DELETE", "tokens")
    assert account.get("customers").status_code == 401
    assert steer(account, "GET", "requests").json()["last"][-1]["status"] == 401


def test_another_process_can_read_the_truth(account: Account, shop: Shop) -> None:
    described = steer(account, "GET", "shops").json()
    assert described[0]["client_id"] == shop.client_id
    assert shop.client_secret not in str(described)
    assert steer(account, "GET", "shops/1/counts").json() == shop.counts()
    for resource, records in vars(shop.truth()).items():
        if resource != "at":
            lines = steer(account, "GET", f"shops/1/truth/{resource}").text.splitlines()
            assert [orjson.loads(line)["id"] for line in lines] == [record.id for record in records]
    service = orjson.loads(steer(account, "GET", "shops/1/truth/services").text.splitlines()[0])
    assert service["price"] == str(shop.truth().services[0].price)


def test_another_process_can_edit_a_shop(account: Account, shop: Shop) -> None:
    appointment, service = shop.truth().appointments[-1].id, shop.truth().services[0].id
    for edit in (
        {"edit": "set_status", "appointment_id": appointment, "status": "no-show"},
        {"edit": "reschedule", "appointment_id": appointment, "starts_at": "2026-04-01T10:00:00+00:00"},
        {"edit": "change_price", "service_id": service, "price": "41.50"},
    ):
        assert steer(account, "POST", "shops/1/edits", **edit).status_code == 200
    assert shop.truth().appointments[-1].status == "no-show"
    assert shop.truth().appointments[-1].starts_at == datetime(2026, 4, 1, 10, tzinfo=UTC)
    assert str(shop.truth().services[0].price) == "41.50"
    added = steer(account, "POST", "shops/1/edits", edit="add_appointment", starts_at="2026-04-02T10:00:00+00:00")
    assert added.json() == {"result": shop.truth().appointments[-1].id}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("clock", {"advance_seconds": -1}, "only moves forward"),
        ("clock", {"rewind": 1}, "say one of"),
        ("faults", {"resource": "x", "stauts": 1}, "stauts"),
        ("shops/1/edits", {"edit": "truth"}, "no edit"),
        ("shops/1/edits", {"edit": "cancel", "appointment_id": 1}, "no appointment 1"),
        ("shops/1/edits", {"edit": "cancel"}, "appointment_id"),
        ("shops/9/counts", {}, "no shop 9"),
    ],
)
def test_what_cannot_be_done_is_said(account: Account, path: str, body: dict[str, Any], message: str) -> None:
    answer = steer(account, "POST" if body else "GET", path, **body)
    assert answer.status_code == 422
    assert message in answer.json()["message"]


def test_an_unknown_control_path_is_404_and_a_wrong_method_405(account: Account) -> None:
    assert steer(account, "GET", "nonsense").status_code == 404
    assert steer(account, "PUT", "clock").status_code == 405
    assert steer(account, "GET", "shops/1/nonsense").status_code == 404


def test_the_server_ends_with_its_block(shop: Shop, clock: Clock) -> None:
    with running(Simulator([shop], clock=clock)) as url:
        assert httpx.get(url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
