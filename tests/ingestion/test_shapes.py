"""What a list's records look like, and what is told of a change."""

from typing import Any

import pytest

from ingestion.shapes import ENOUGH_RECORDS, Shape, drift

RECORD = {"id": 1, "note": "x", "service": {"id": 2}, "bookings": [{"status": "approved"}], "price": None}


def shape_of(*records: dict[str, Any]) -> Shape:
    shape = Shape()
    for record in records:
        shape.note(record)
    return shape


def test_fields_are_named_with_their_place_and_kind() -> None:
    assert shape_of(RECORD).fields == {
        "id: number", "note: text", "service: object", "service.id: number", "bookings: list",
        "bookings[].status: text",
    }  # fmt: skip


def test_the_first_sync_tells_nothing() -> None:
    first = drift(None, shape_of(RECORD), listed=1)
    assert first.note is None
    assert first.fields == shape_of(RECORD).fields


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tip": 3.5}, "the field tip is new (number)"),
        ({"note": 7}, "the field note now comes as number"),
        ({"note": None}, "the field note is no longer given"),
        ({"bookings": [{"status": "approved", "paid": True}]}, "the field bookings[].paid is new (true or false)"),
        ({"service": {"uuid": "a"}}, "the field service.uuid is new (text), the field service.id is no longer given"),
    ],
)
def test_a_change_is_told_once(changed: dict[str, Any], told: str) -> None:
    known = drift(None, shape_of(RECORD), listed=1).fields
    changed_shape = shape_of(*[{**RECORD, **changed}] * ENOUGH_RECORDS)
    first = drift(known, changed_shape, listed=100)
    assert first.note == f"the records have changed their form: {told}"
    assert drift(first.fields, changed_shape, listed=100).note is None


def test_a_few_records_without_a_field_tell_nothing_unless_they_are_the_whole_list() -> None:
    known = drift(None, shape_of(RECORD), listed=1).fields
    without = shape_of({**RECORD, "note": None})
    assert drift(known, without, listed=2).note is None
    assert (
        drift(known, without, listed=1).note == "the records have changed their form: the field note is no longer given"
    )


def test_a_new_field_of_one_record_among_many_is_told() -> None:
    known = drift(None, shape_of(RECORD), listed=1).fields
    assert drift(known, shape_of(*[RECORD] * 500, {**RECORD, "tip": 1}), listed=501).new == ("tip: number",)


def test_records_that_were_asked_for_one_by_one_are_no_list() -> None:
    known = drift(None, shape_of(RECORD), listed=1).fields
    assert drift(known, shape_of({**RECORD, "note": None}), listed=None).note is None


def test_nothing_read_changes_nothing() -> None:
    known = drift(None, shape_of(RECORD), listed=1).fields
    assert drift(known, Shape(), listed=0).fields == known
