"""The version log: what makes a row, what makes none, and what is put aside. On a real database, through dlt."""

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.trafft.models import APPOINTMENTS, CUSTOMERS, SERVICES
from ingestion.versions import Counts, canonical
from tests.ingestion.raw_log import RawLog, open_raw_log

pytestmark = pytest.mark.sql


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[RawLog]:
    with open_raw_log(database_url, tmp_path) as raw_log:
        yield raw_log


def customer(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "first_name": f"Client {number}", "last_name": "Reyes", "email": None, **changes}


def test_a_first_look_appends_every_record(log: RawLog) -> None:
    assert log.look(CUSTOMERS, [customer(1), customer(2)]) == Counts(seen=2, new=2)
    assert log.rows("customers", "external_id, op, origin, first_name") == [
        ("1", "seen", "api", "Client 1"),
        ("2", "seen", "api", "Client 2"),
    ]


def test_a_second_look_at_the_same_records_appends_nothing(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1), customer(2)])
    assert log.look(CUSTOMERS, [customer(2), customer(1)]) == Counts(seen=2)
    assert len(log.rows("customers")) == 2


def test_the_order_of_keys_changes_nothing(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1)])
    assert log.look(CUSTOMERS, [dict(reversed(customer(1).items()))]) == Counts(seen=1)


def test_one_changed_record_appends_exactly_one_row(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1), customer(2)])
    assert log.look(CUSTOMERS, [customer(1, email="a@example.com"), customer(2)]) == Counts(seen=2, changed=1)
    assert len(log.rows("customers")) == 3


def test_a_record_that_changes_back_is_a_new_version(log: RawLog) -> None:
    for email in (None, "a@example.com", None):
        log.look(CUSTOMERS, [customer(1, email=email)])
    assert [email for (email,) in log.rows("customers", "email")] == [None, "a@example.com", None]


def test_an_unknown_field_is_kept_and_counts_as_a_change(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1)])
    assert log.look(CUSTOMERS, [customer(1, loyalty={"points": 3})]).changed == 1
    assert log.rows("customers", "payload")[-1][0]["loyalty"] == {"points": 3}


def test_a_tombstone_is_one_row_of_nulls_and_a_return_undoes_it(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1)])
    observer = log.observer(CUSTOMERS)
    log.loader().load(observer.gone(["1"], log.rows("customers", "observed_at")[0][0].replace(hour=13)))
    assert observer.counts == Counts(gone=1)
    assert log.rows("customers", "op, row_hash, first_name, payload")[-1] == ("gone", None, None, None)
    assert list(log.log.live_ids("customers")) == []
    log.looks = 120
    assert log.look(CUSTOMERS, [customer(1)]) == Counts(seen=1, new=1)
    assert list(log.log.live_ids("customers")) == ["1"]


@pytest.mark.parametrize(
    ("poison", "external_id", "reason"),
    [
        (customer(2, email=["a"]), "2", "expected text"),
        ({"first_name": "nobody"}, None, "id: missing"),
        ({**customer(1), "id": None}, None, "id: missing"),
        ("a sentence", None, "expected an object"),
        (None, None, "expected an object"),
        (customer(2, first_name="\ud800"), None, "cannot be written as JSON"),
        ({**customer(1), "id": {"a": 1}}, None, "expected an id"),
    ],
)
def test_one_poison_record_is_put_aside_with_the_reason_and_its_neighbours_load(
    log: RawLog, poison: Any, external_id: str | None, reason: str
) -> None:
    assert log.look(CUSTOMERS, [customer(1), poison, customer(3)]) == Counts(seen=3, new=2, quarantined=1)
    [(stored_id, resource, stored_reason, payload)] = log.rows("quarantine", "external_id, resource, reason, payload")
    assert (stored_id, resource) == (external_id, "customers")
    assert reason in stored_reason
    assert json.loads(payload) == json.loads(json.dumps(poison))


def test_a_poison_record_is_counted_each_time_but_stored_once(log: RawLog) -> None:
    for _ in range(3):
        assert log.look(CUSTOMERS, [{"first_name": "nobody"}]).quarantined == 1
    assert len(log.rows("quarantine")) == 1


def test_a_record_that_turns_bad_keeps_its_earlier_version(log: RawLog) -> None:
    log.look(CUSTOMERS, [customer(1)])
    assert log.look(CUSTOMERS, [customer(1, email=[])]).quarantined == 1
    assert list(log.log.live_ids("customers")) == ["1"]


@pytest.mark.parametrize("name", ["Zoë 💈", "\u202eevas", "O'Brien; drop table x", "a\x00b", "ﷺ" * 500, "\\u0000"])
def test_any_text_survives_but_for_nul(log: RawLog, name: str) -> None:
    log.look(CUSTOMERS, [customer(1, first_name=name)])
    kept = name.replace("\x00", "")
    [(first_name, payload_name)] = log.rows("customers", "first_name, (payload::jsonb) ->> 'first_name'")
    assert (first_name, payload_name) == (kept, kept)
    assert log.look(CUSTOMERS, [customer(1, first_name=name)]) == Counts(seen=1)


def test_money_is_exact_to_the_last_digit(log: RawLog) -> None:
    log.look(SERVICES, [{"id": 13, "name": "Skin Fade", "price": 38.1, "duration": 30}])
    assert log.rows("services", "price, duration_minutes") == [(Decimal("38.1"), 30)]


def test_two_integrations_with_the_same_ids_do_not_disturb_each_other(database_url: str, tmp_path: Path) -> None:
    with open_raw_log(database_url, tmp_path, "a") as first, open_raw_log(database_url, tmp_path, "b") as second:
        assert first.look(CUSTOMERS, [customer(1)]).new == 1
        assert second.look(CUSTOMERS, [customer(1)]).new == 1
        assert first.look(CUSTOMERS, [customer(1)]) == Counts(seen=1)


def test_the_latest_form_of_an_id_that_comes_twice_in_one_batch_wins(log: RawLog) -> None:
    assert log.look(CUSTOMERS, [customer(1), customer(1, email="b@example.com")]) == Counts(seen=2, new=1)
    assert log.rows("customers", "email") == [("b@example.com",)]


_numbers = itertools.count()
appointment_edits = st.lists(
    st.dictionaries(st.integers(1, 6), st.sampled_from(["approved", "canceled", "no-show"]), max_size=6), max_size=5
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=appointment_edits)
def test_the_log_always_holds_what_was_last_seen(
    database_url: str, tmp_path: Path, history: list[dict[int, str]]
) -> None:
    integration_id = f"history-{next(_numbers)}"
    expected: dict[str, str] = {}
    rows = 0
    with open_raw_log(database_url, tmp_path, integration_id) as log:
        for shown in history:
            records = [
                {"id": number, "status": status, "start_date_time": "2026-03-02 10:00:00"}
                for number, status in shown.items()
            ]
            log.look(APPOINTMENTS, records)
            news = {str(number): status for number, status in shown.items() if expected.get(str(number)) != status}
            rows += len(news)
            expected |= news
        found = log.rows("appointments", "external_id, status")
        assert len(found) == rows
        assert dict(found) == expected  # later rows overwrite earlier ones


def test_canonical_json_does_not_depend_on_key_order_at_any_depth() -> None:
    one, _ = canonical({"a": {"x": 1, "y": [{"p": 1, "q": 2}]}, "b": 2})
    other, _ = canonical({"b": 2, "a": {"y": [{"q": 2, "p": 1}], "x": 1}})
    assert one == other


def test_a_record_that_changes_and_changes_back_within_one_sync_ends_as_it_was_shown_last(log: RawLog) -> None:
    """The log has not got this sync's first version yet, and would call the second one known."""
    log.look(CUSTOMERS, [customer(1)])
    observer = log.observer(CUSTOMERS)
    changed = [*log.batches(observer, [customer(1, email="a@example.com")])]
    changed_back = [*log.batches(observer, [customer(1)])]
    log.loader().load([*changed, *changed_back])
    assert [email for (email,) in log.rows("customers", "email")] == [None, "a@example.com", None]
    assert log.look(CUSTOMERS, [customer(1)]) == Counts(seen=1)
