"""Lists as verified, and as awkward as the modes make them: envelopes, paging, filters, sorting."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.modes import Modes
from simulator.server import Simulator
from simulator.shop import Shop
from simulator.truth import TruthAppointment
from tests.simulator.account import Account

KEYS = {
    "appointments": "id status start_date_time end_date_time created_at note service location employees bookings",
    "customers": "id first_name last_name email phone_number phone_country_code",
    "employees": "id first_name last_name email phone_number phone_country_code timezone",
    "services": "id name price duration buffer_time_before buffer_time_after",
    "locations": "id name address phone_number",
}


def account_with(clock: Clock, **modes: Any) -> Account:
    shop = Shop.generate(seed=7, clock=clock, appointments=300, timezone="America/New_York", modes=Modes(**modes))
    return Account(shop, Simulator([shop], clock=clock)).log_in()


@pytest.fixture
def account(clock: Clock) -> Account:
    return account_with(clock)


@pytest.mark.parametrize("resource", KEYS)
def test_a_list_has_the_verified_envelope_and_exactly_the_verified_keys(account: Account, resource: str) -> None:
    answer = account.get(resource).json()
    total = account.shop.counts()[resource]
    assert list(answer) == ["data", "pagination"]
    assert answer["pagination"] == {"total": total, "page": 1, "limit": 20, "pages": -(-total // 20)}
    assert all(" ".join(record) == KEYS[resource] for record in answer["data"])
    assert all(isinstance(record["id"], int) for record in answer["data"])


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("resource", KEYS)
def test_paging_shows_each_record_once(account: Account, resource: str, limit: int) -> None:
    if limit == 1 and resource == "appointments":
        limit = 3
    records = account.sweep(resource, limit=limit)
    assert len({record["id"] for record in records}) == len(records) == account.shop.counts()[resource]


def test_the_default_order_is_newest_first(account: Account) -> None:
    created = [record["created_at"] for record in account.sweep("appointments", limit=100)]
    assert created == sorted(created, reverse=True)
    ids = [record["id"] for record in account.sweep("customers", limit=100)]
    assert ids == sorted(ids, reverse=True)


def test_a_page_past_the_end_is_empty_or_the_last_one_again(clock: Clock) -> None:
    assert account_with(clock).page("employees", page=9) == []
    repeating = account_with(clock, past_the_end="last_page")
    assert repeating.page("employees", page=9) == repeating.page("employees", page=1) != []


def test_a_limit_over_the_ceiling_is_clamped_or_refused(clock: Clock) -> None:
    clamped = account_with(clock, max_limit=25).get("appointments", limit=100).json()
    assert len(clamped["data"]) == clamped["pagination"]["limit"] == 25
    refused = account_with(clock, over_limit="422").get("appointments", limit=101)
    assert refused.status_code == 422
    assert "limit" in refused.json()["errors"]


@pytest.mark.parametrize("nonsense", ["0", "-1", "abc", "1.5"])
def test_nonsense_in_page_and_limit_means_the_defaults(account: Account, nonsense: str) -> None:
    assert account.get("customers", page=nonsense, limit=nonsense).json() == account.get("customers").json()


def test_an_account_may_ignore_the_page(clock: Clock) -> None:
    account = account_with(clock, page="ignored")
    assert account.page("appointments", page=2) == account.page("appointments", page=1)


def test_pagination_may_be_missing_or_in_laravels_words(clock: Clock) -> None:
    assert list(account_with(clock, pagination="missing").get("services").json()) == ["data"]
    answer = account_with(clock, pagination="laravel").get("appointments", page=2, limit=50).json()
    del answer["data"]
    total = account_with(clock).shop.counts()["appointments"]
    assert answer == {"current_page": 2, "last_page": -(-total // 50), "per_page": 50, "total": total}


def test_the_total_may_be_wrong(clock: Clock) -> None:
    account = account_with(clock, total="wrong")
    assert account.get("customers").json()["pagination"]["total"] == account.shop.counts()["customers"] + 3


def test_the_total_may_be_that_of_the_last_full_hour(clock: Clock) -> None:
    account = account_with(clock, total="stale")
    before = account.shop.counts()["appointments"]
    clock.freeze(clock.now().replace(minute=59))
    account.shop.add_appointment(starts_at=clock.now())
    assert account.get("appointments").json()["pagination"]["total"] == before
    clock.freeze(clock.now().replace(hour=13, minute=0))
    account.log_in()
    assert account.get("appointments").json()["pagination"]["total"] == account.shop.counts()["appointments"] > before


def test_the_status_filter_works_in_either_spelling(account: Account) -> None:
    truth = [a for a in account.shop.truth().appointments if a.status == "no-show"]
    for spelling in ("no_show", "no-show"):
        assert {str(r["id"]) for r in account.sweep("appointments", status=spelling)} == {a.id for a in truth}
    assert len(truth) > 0
    assert account.page("appointments", status="nonsense") == []


def test_other_filters_are_ignored_as_verified(account: Account) -> None:
    everything = account.get("appointments").json()
    for name in ("customerId", "employeeId", "serviceId", "locationId"):
        assert account.get("appointments", **{name: 1}).json() == everything
    assert account.get("customers", search="zzz").json() == account.get("customers").json()


def test_filters_may_be_honoured(clock: Clock) -> None:
    account = account_with(clock, filters="honoured")
    truth = account.shop.truth()
    chosen = next(a for a in truth.appointments if a.bookings and a.location_id)
    expected: dict[str, tuple[str | None, Callable[[TruthAppointment], bool]]] = {
        "serviceId": (chosen.service_id, lambda a: a.service_id == chosen.service_id),
        "employeeId": (chosen.employee_ids[0], lambda a: chosen.employee_ids[0] in a.employee_ids),
        "locationId": (chosen.location_id, lambda a: a.location_id == chosen.location_id),
        "customerId": (
            chosen.bookings[0].customer_id,
            lambda a: chosen.bookings[0].customer_id in {b.customer_id for b in a.bookings},
        ),
    }
    for name, (value, belongs) in expected.items():
        shown = {str(record["id"]) for record in account.sweep("appointments", **{name: str(value)})}
        assert shown == {a.id for a in truth.appointments if belongs(a)}, name
        assert account.page("appointments", **{name: 987_654}) == []


def test_customers_may_be_searched(clock: Clock) -> None:
    account = account_with(clock, filters="honoured")
    wanted = next(c for c in account.shop.truth().customers if c.email)
    assert wanted.id in {str(r["id"]) for r in account.sweep("customers", email=str(wanted.email))}
    shown = account.sweep("customers", lastName=wanted.last_name)
    assert {r["last_name"] for r in shown} == {wanted.last_name}
    assert account.page("customers", search="zzz") == []


def test_an_ignored_status_filter_shows_everything(clock: Clock) -> None:
    account = account_with(clock, filters="ignored")
    assert account.get("appointments", status="canceled").json() == account.get("appointments").json()


def test_sorting_is_ignored_as_verified(account: Account) -> None:
    ascending = account.get("appointments", sort_by="start_time", sort_order="asc").json()
    assert ascending == account.get("appointments").json()


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(("sort_by", "field"), [("start_time", "start_date_time"), ("created_at", "created_at")])
def test_sorting_may_be_honoured(clock: Clock, sort_by: str, field: str, order: str) -> None:
    account = account_with(clock, sorting="honoured", times="epoch")
    records = account.sweep("appointments", sort_by=sort_by, sort_order=order, limit=100)
    values = [record[field] for record in records]
    assert values == sorted(values, reverse=order == "desc")
    assert len(values) == account.shop.counts()["appointments"]


def test_the_order_of_ties_may_change_from_request_to_request(clock: Clock) -> None:
    account = account_with(clock, ties="unstable")
    created = account.shop.truth().appointments[0].created_at
    for _ in range(12):
        account.shop.add_appointment(starts_at=clock.now())
    pages = [[r["id"] for r in account.page("appointments", limit=12)] for _ in range(5)]
    assert len({tuple(page) for page in pages}) > 1
    assert len({frozenset(page) for page in pages}) == 1
    assert created < clock.now()


@pytest.mark.parametrize(("mode", "status"), [("403", 403), ("404", 404), ("405", 405)])
def test_the_locations_feature_may_be_off(clock: Clock, mode: str, status: int) -> None:
    account = account_with(clock, locations=mode)
    assert account.get("locations").status_code == account.get("locations/2").status_code == status
    assert all(record["location"] == {} for record in account.page("appointments"))


def test_the_locations_list_may_be_empty(clock: Clock) -> None:
    answer = account_with(clock, locations="empty").get("locations").json()
    assert answer == {"data": [], "pagination": {"total": 0, "page": 1, "limit": 20, "pages": 0}}


@pytest.mark.parametrize("resource", ["customers", "employees", "services", "locations"])
def test_a_single_record_equals_the_lists_bare_or_wrapped(clock: Clock, resource: str) -> None:
    account = account_with(clock)
    listed = account.page(resource)[0]
    alone = account.get(f"{resource}/{listed['id']}").json()
    assert {key: alone[key] for key in listed} == listed
    assert list(alone)[len(listed) :] == (["birthday", "gender"] if resource == "customers" else [])
    assert account_with(clock, single_record="data").get(f"{resource}/{listed['id']}").json() == {"data": alone}


def test_departed_barbers_may_vanish_from_the_list(clock: Clock) -> None:
    shops = [
        Shop.generate(seed=2, clock=clock, appointments=9000, modes=Modes(departed_employees=mode))  # type: ignore[arg-type]
        for mode in ("listed", "hidden")
    ]
    listed, hidden = (len(Account(s, Simulator([s], clock=clock)).log_in().sweep("employees")) for s in shops)
    assert hidden < listed == shops[0].counts()["employees"]
