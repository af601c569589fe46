"""The probe tells what an account honours, for each awkward way in which one may answer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ingestion.capabilities import CAPABILITIES, MOST_AGE, changes, is_due
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.errors import AuthenticationFailed
from ingestion.trafft.probe import probe
from simulator.modes import Modes
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import open_account

USUAL = Capabilities(
    counts_records=True,
    largest_page=100,
    clamps_limit=True,
    refuses_limit=False,
    sorts={"created_at asc": False, "created_at desc": True, "start_time asc": False, "start_time desc": False},
    filters={"status": True, "customerId": False},
    has_locations=True,
    reads_one_appointment=False,
    has_available_times=True,
)
SORTED = dict.fromkeys(USUAL.sorts, True)


def probed(modes: Modes) -> Capabilities:
    return probe(open_account(modes).client)


def test_the_account_as_it_was_verified() -> None:
    account = open_account()
    assert probe(account.client) == USUAL
    assert account.client.stats.requests <= 16


@pytest.mark.parametrize(
    ("modes", "found"),
    [
        (Modes(sorting="honoured"), {"sorts": SORTED}),
        (Modes(sorting="honoured", times="epoch_ms"), {"sorts": SORTED}),
        (Modes(filters="honoured"), {"filters": {"status": True, "customerId": True}}),
        (Modes(filters="ignored"), {"filters": {"status": False, "customerId": False}}),
        (Modes(max_limit=25), {"largest_page": 25}),
        (Modes(over_limit="422"), {"largest_page": None, "clamps_limit": False, "refuses_limit": True}),
        (Modes(pagination="laravel"), {}),
        (Modes(pagination="missing"), {"counts_records": False}),
        (Modes(locations="403"), {"has_locations": False}),
        (Modes(locations="404"), {"has_locations": False}),
        (Modes(locations="405"), {"has_locations": False}),
        (Modes(locations="empty"), {"has_locations": True}),
    ],
)
def test_each_difference_is_seen(modes: Modes, found: dict[str, Any]) -> None:
    seen = probed(modes)
    assert {name: getattr(seen, name) for name in found} == found
    # A small page may show one status only, and then nothing tells whether the filter was honoured.
    assert replace(seen, filters=USUAL.filters) == replace(USUAL, **{**found, "filters": USUAL.filters})


def test_a_new_account_tells_little_and_nothing_wrong() -> None:
    account = open_account(appointments=0)
    for one in account.shop.truth().appointments:
        account.shop.delete_appointment(one.id)
    found = probe(account.client)
    assert set(found.sorts.values()) == {None}
    assert found.filters == {"status": None, "customerId": None}
    assert (found.clamps_limit, found.reads_one_appointment) == (None, None)


@pytest.mark.parametrize("fault", [{"status": 500}, {"html": True}, {"truncated": True}])
def test_trouble_on_the_way_leaves_things_unknown(fault: dict[str, Any]) -> None:
    account = open_account()
    account.simulator.fail_next("appointments", times=999, **fault)
    found = probe(account.client)
    assert {*found.sorts.values(), *found.filters.values()} == {None}
    assert replace(found, sorts={}, filters={}) == Capabilities(has_locations=True, has_available_times=True)


def test_refused_credentials_end_a_probe() -> None:
    account = open_account()
    account.simulator.fail_next("token", times=9, status=401)
    with pytest.raises(AuthenticationFailed):
        probe(account.client)


def test_what_is_stored_comes_back_and_ages() -> None:
    stored = {CAPABILITIES: USUAL.as_stored(START), "appointments": True}
    assert Capabilities.of(stored) == USUAL
    assert not is_due(stored, START + MOST_AGE)
    assert is_due(stored, START + MOST_AGE + timedelta(seconds=1))


@pytest.mark.parametrize("flags", [{}, {CAPABILITIES: None}, {CAPABILITIES: {}}, {CAPABILITIES: {"probed_at": "soon"}}])
def test_a_shop_without_a_probe_is_due_and_knows_nothing(flags: dict[str, Any]) -> None:
    assert is_due(flags, START)
    assert Capabilities.of(flags) == Capabilities()
    assert not Capabilities.of(flags).ignores_sort("start_time", "desc")


def test_only_what_both_probes_could_tell_counts_as_changed() -> None:
    before = USUAL.as_stored(START)
    after = replace(USUAL, has_locations=False, largest_page=None, sorts={**USUAL.sorts, "start_time desc": True})
    assert list(changes(before, after.as_stored(START + timedelta(days=8)))) == [
        "sorts[start_time desc]: False before, True now",
        "has_locations: True before, False now",
    ]
    assert list(changes(None, before)) == []
