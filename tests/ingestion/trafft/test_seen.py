"""The memory of a scan: which ids, in which form, in which reading; small enough for a million records."""

import tracemalloc
from typing import Any

import pytest

from ingestion.trafft.seen import Seen, Sifted


def sift(seen: Seen, *records: Any, turn: int = 1) -> Sifted:
    return seen.sift(records, turn)


def begun(turns: int = 1) -> Seen:
    seen = Seen()
    for _ in range(turns):
        seen.begin_turn()
    return seen


def test_ids_are_known_as_text_whatever_their_type() -> None:
    seen = begun()
    sifted = sift(seen, {"id": 18520}, {"id": "18521"}, {"id": " 3f2a-11 "}, {"id": "1\x008"})
    assert sifted.ids == ["18520", "18521", "3f2a-11", "18"]
    assert all(external_id in seen for external_id in ("18520", "18521", "3f2a-11", "18"))
    assert "1852" not in seen
    assert "" not in seen


@pytest.mark.parametrize("record", [7, None, "x", [], {}, {"id": None}, {"id": ""}, {"id": 1.5}, {"id": [1]}])
def test_a_record_without_an_id_is_counted_once_by_its_content(record: Any) -> None:
    seen = begun()
    sifted = sift(seen, record, record, {"id": 7})
    assert (sifted.ids, sifted.new) == ([None, None, "7"], [True, False, True])
    assert (seen.distinct(1), seen.unreadable(1)) == (2, 1)


def test_only_what_has_not_been_shown_in_this_form_is_fresh() -> None:
    seen = begun(2)
    first, second = {"id": 1, "status": "approved"}, {"id": 1, "status": "canceled"}
    assert sift(seen, first, {"id": 2}).fresh == [first, {"id": 2}]
    assert sift(seen, first).fresh == []
    assert sift(seen, second).fresh == [second]
    assert sift(seen, {"id": 2}, first, turn=2).fresh == [first]


def test_readings_agree_when_they_have_shown_the_same_records() -> None:
    seen = begun(5)
    sift(seen, {"id": 1}, {"id": 2}, turn=1)
    sift(seen, {"id": 1}, {"id": 2}, {"id": 3}, turn=2)
    sift(seen, {"id": 3}, {"id": 1, "note": "changed"}, {"id": 2}, {"id": 2}, turn=3)
    sift(seen, {"id": 1}, {"id": 2}, turn=4)
    sift(seen, {"id": 1}, {"id": 4}, turn=5)
    assert [seen.agrees(turn) for turn in range(1, 6)] == [False, False, True, False, False]


def test_a_reading_agrees_with_the_one_just_before_it_and_with_no_older_one() -> None:
    seen = begun(3)
    sift(seen, {"id": 1}, {"id": 2}, turn=1)
    sift(seen, {"id": 1}, {"id": 3}, turn=2)
    sift(seen, {"id": 1}, {"id": 2}, turn=3)
    assert not seen.agrees(3)


def test_readings_of_an_empty_list_agree_from_the_second_on() -> None:
    assert [begun(2).agrees(turn) for turn in (1, 2)] == [False, True]


def test_a_record_that_is_no_valid_json_text_is_still_told_apart() -> None:
    seen = begun()
    assert sift(seen, {"id": 1, "name": "\ud800"}, {"id": 1, "name": "\ud801"}).new == [True, False]


def test_ids_take_less_than_forty_bytes_each_at_the_peak() -> None:
    seen = begun()
    tracemalloc.start()
    try:
        for start in range(0, 200_000, 100):
            seen.sift([{"id": 1_000_000 + start + row, "note": "x" * 50} for row in range(100)], 1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen.distinct(1) == 200_000
    assert peak / seen.distinct(1) < 40
