"""The endpoints that change something, with their awkward refusals."""

import pytest

from simulator.server import Simulator
from simulator.shop import Shop
from tests.simulator.account import Account

OLA = {"first_name": "Ola", "last_name": "Berg", "email": "ola.berg@example.com", "phone": "+18135550177"}


@pytest.fixture
def account(shop: Shop, simulator: Simulator) -> Account:
    return Account(shop, simulator).log_in()


def test_a_customer_is_created_read_changed_and_deleted(account: Account) -> None:
    answer = account.http.post("/api/v2/customers", json={**OLA, "description": "walk-in"})
    assert answer.status_code == 201
    assert list(answer.json()) == ["id"]
    path = f"customers/{answer.json()['id']}"
    shown = account.get(path).json()
    assert (shown["first_name"], shown["email"], shown["phone_number"]) == ("Ola", OLA["email"], OLA["phone"])
    assert "description" not in shown

    changed = account.http.patch(f"/api/v2/{path}", json={**OLA, "last_name": "Dahl"})
    assert (changed.status_code, changed.json()) == (200, {"id": answer.json()["id"]})
    assert account.get(path).json()["last_name"] == "Dahl"
    assert account.page("customers")[0]["id"] == answer.json()["id"]

    assert account.http.delete(f"/api/v2/{path}").status_code == 204
    assert account.get(path).status_code == 404
    assert account.http.delete(f"/api/v2/{path}").status_code == 404


@pytest.mark.parametrize("missing", ["first_name", "last_name", "email"])
def test_an_incomplete_customer_is_invalid(account: Account, missing: str) -> None:
    answer = account.http.post("/api/v2/customers", json={**OLA, missing: ""})
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation failed"
    assert list(answer.json()["errors"]) == [missing]


@pytest.mark.parametrize("missing", OLA)
def test_a_partial_patch_is_a_server_error(account: Account, missing: str) -> None:
    customer = account.page("customers")[0]["id"]
    partial = {key: value for key, value in OLA.items() if key != missing}
    answer = account.http.patch(f"/api/v2/customers/{customer}", json=partial)
    assert (answer.status_code, answer.json()) == (500, {"message": "Server Error"})


def test_deleting_an_appointment_cancels_it_and_its_bookings(account: Account) -> None:
    alive = next(r for r in account.sweep("appointments") if r["status"] == "approved" and r["bookings"])
    assert account.http.delete(f"/api/v2/appointments/{alive['id']}").status_code == 204
    shown = next(r for r in account.sweep("appointments") if r["id"] == alive["id"])
    assert shown["status"] == "canceled"
    assert {booking["status"] for booking in shown["bookings"]} == {"canceled"}
    assert account.http.delete("/api/v2/appointments/1").status_code == 404


def test_a_booking_is_made_on_the_shops_wall_clock(account: Account) -> None:
    wanted = {
        "service": account.page("services")[0]["id"],
        "employee": account.page("employees")[0]["id"],
        "customer": account.page("customers")[0]["id"],
        "date": "2026-07-01",
        "time": "10:30",
    }
    answer = account.http.post("/api/v2/bookings", json=wanted)
    assert answer.status_code == 201
    shown = next(r for r in account.page("appointments") if r["id"] == answer.json()["id"])
    assert shown["start_date_time"] == "2026-07-01 10:30:00"
    assert shown["bookings"][0]["customer"]["id"] == wanted["customer"]
    assert shown["status"] == "approved"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", 0),
        ("employee", "x"),
        ("customer", 999_999),
        ("date", "1.7.2026"),
        ("time", "half ten"),
        ("time", ""),
    ],
)
def test_a_booking_of_something_unknown_is_invalid(account: Account, field: str, value: object) -> None:
    wanted = {"service": 11, "employee": 3, "customer": 1, "date": "2026-07-01", "time": "10:30", field: value}
    answer = account.http.post("/api/v2/bookings", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() & {field, "date"}


def test_a_coupon_needs_its_limits_present_even_if_null(account: Account) -> None:
    coupon = {"code": "FADE10", "discount_value": 10, "expiration_date": "2026-12-31"}
    limits = {"usage_limit": 100, "limit_per_user": 1, "booking_limit_amount": None}
    assert account.http.post("/api/v2/coupons", json=coupon).status_code == 500
    assert account.http.post("/api/v2/coupons", json={**limits}).status_code == 422
    answer = account.http.post("/api/v2/coupons", json={**coupon, **limits})
    assert answer.status_code == 201
    path = f"/api/v2/coupons/{answer.json()['id']}"
    assert [account.http.delete(path).status_code for _ in range(2)] == [204, 404]


@pytest.mark.parametrize("body", [b"", b"not json", b"[1]", b"null"])
def test_a_body_that_is_no_object_counts_as_empty(account: Account, body: bytes) -> None:
    assert account.http.post("/api/v2/customers", content=body).status_code == 422
