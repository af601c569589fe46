"""Customers of a long list by id: only the unknown ones, bounded, in the form in which the list shows them."""

import pytest

from ingestion.reading import Aim
from ingestion.trafft.unknown import MOST_BY_ID
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account
from tests.ingestion.trafft.reading import Read, read

INCREMENTAL = Aim("incremental")


@pytest.fixture
def long_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.trafft.source.FEW_CUSTOMERS", 10)


def customers(account: Account) -> list[str]:
    return [one.id for one in account.shop.truth().customers]


def customers_of(account: Account, ids: list[str], sync_type: Aim = INCREMENTAL) -> Read:
    return read(account, "customers", sync_type, since=START, unknown=lambda: ids)


@pytest.mark.parametrize("modes", [Modes(), Modes(single_record="data", ids="string", extended_fields="present")])
def test_the_unknown_are_read_by_id_in_the_form_of_the_list(modes: Modes, long_list: None) -> None:
    account = open_account(modes)
    wanted = customers(account)[3:6]
    found = customers_of(account, wanted)
    assert found.ids == wanted
    listed = {str(record["id"]): record for record in read(account, "customers", Aim("customers")).records}
    assert [listed[external_id] for external_id in wanted] == list(found.records)
    assert (found.outcome.is_sweep, found.outcome.is_complete, found.outcome.note) == (False, True, None)
    assert found.requests == 1 + 1 + 3


def test_a_short_list_is_read_whole() -> None:
    account = open_account()
    found = customers_of(account, [])
    assert (set(found.ids), found.outcome.is_sweep) == (set(customers(account)), False)


def test_one_that_was_deleted_meanwhile_is_a_note_and_no_error(long_list: None) -> None:
    account = open_account()
    gone, there = customers(account)[:2]
    account.shop.delete_customer(gone)
    found = customers_of(account, [gone, there])
    assert found.ids == [there]
    assert gone not in found.outcome.seen_ids
    assert found.outcome.note == "1 customers of new appointments are not in Trafft any more"


def test_more_than_a_minute_of_them_is_left_to_the_customers_own_sync(
    long_list: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.trafft.unknown.MOST_BY_ID", 4)
    account = open_account()
    found = customers_of(account, customers(account)[:7])
    assert len(found.ids) == 4
    assert found.outcome.note == "3 customers of new appointments are left to the customers' own sync"
    assert MOST_BY_ID == 300


def test_a_webhooks_sync_never_reads_the_whole_list() -> None:
    account = open_account()
    webhook = Aim("webhook")
    assert customers_of(account, [], webhook).requests == 0
    assert customers_of(account, customers(account)[:1], webhook).ids == customers(account)[:1]


def test_customers_never_read_before_are_read_whole(long_list: None) -> None:
    account = open_account()
    found = read(account, "customers", INCREMENTAL, since=None, unknown=list)
    assert set(found.ids) == set(customers(account))
