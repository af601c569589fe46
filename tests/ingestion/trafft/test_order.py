"""When a list counts as sorted, and when pages of it leave no room between them."""

from collections.abc import Sequence
from typing import Any

import pytest

from ingestion.trafft.order import Descent, Order


def holds(*pages: Sequence[Any], unique: bool = True) -> bool:
    order = Order(unique=unique)
    for keys in pages:
        order.read(keys)
    return order.holds


@pytest.mark.parametrize(
    "pages",
    [
        ([1, 2, 3], [3, 4, 5], [5, 9]),
        ([9, 8, 7], [7, 6], [6, 1]),
        ([1, 2, 5], [2, 5, 6]),
        ([1, 2, 5], [4, 6, 7]),  # the last row is gone, but another before it proves the same
        ([9, 8, 7], [9, 8, 7], [7, 6]),  # all shifted by one page: nothing new, nothing lost
        ([1, 2, 3], [3]),
    ],
)
def test_overlapping_sorted_pages_prove_the_order(pages: tuple[list[int], ...]) -> None:
    assert holds(*pages)


@pytest.mark.parametrize(
    "pages",
    [
        ([1, 2, 3], [4, 5, 6]),  # a row may have slipped between 3 and 4
        ([9, 8, 7], [6, 5]),
        ([1, 3, 2], [2, 4]),
        ([1, 2, 2], [2, 3]),
        ([1, 2, 3], [3, 5, 4]),
        ([1, 2, 3], [3, 2, 1]),
        ([1, 2, 3], [2, 1]),
        ([5], [5, 6]),
        ([1, 2, None], [2, 3]),
        ([1, 2, "3"], [2, 4]),
        ([1, 2, 3], []),
    ],
)
def test_anything_else_proves_nothing_for_good(pages: tuple[list[Any], ...]) -> None:
    assert not holds(*pages)
    assert not holds(*pages, [3, 4])


def test_with_equal_keys_the_next_page_must_begin_before_all_of_them() -> None:
    assert holds([1, 2, 3, 3], [2, 3, 3, 4], unique=False)
    assert not holds([1, 2, 3, 3], [3, 3, 4], unique=False)
    assert not holds([3, 3, 3], [3, 3, 4], unique=False)


def test_the_overlap_asked_for_reaches_behind_the_equal_keys() -> None:
    order = Order(unique=False)
    order.read([1, 2, 3, 3, 3])
    assert order.overlap == 4
    order.read([1, 2, 9])
    assert order.overlap == 2
    order.read([9, 8])
    assert order.overlap == 0


def day(number: int) -> str:
    return f"2026-03-{number:02d} 10:00:00"


def descends(*pages: Sequence[tuple[Any, bool]]) -> bool:
    descent = Descent("created_at")
    for page in pages:
        descent.read([({"created_at": value}, is_new) for value, is_new in page])
    return descent.is_proven


def new(*values: Any) -> list[tuple[Any, bool]]:
    return [(value, True) for value in values]


@pytest.mark.parametrize(
    "pages",
    [
        [new(day(9), day(8))],
        [new(day(9), day(9)), new(day(9), day(8))],
        [new(day(9), day(9)), new(day(8), day(8))],
        [new(day(9), day(8)), [(day(8), False), (day(7), True)]],
        [new(day(9), day(7)), [(day(9), False), (day(7), False), (day(5), True)]],  # rows were shifted by new ones
        [new(1772445600000, 1772359200000)],
        [new("2026-03-09T10:00:00+01:00", "2026-03-09T09:30:00+01:00")],
    ],
)
def test_newest_first_is_proven_by_a_fall_and_no_rise(pages: list[list[tuple[Any, bool]]]) -> None:
    assert descends(*pages)


@pytest.mark.parametrize(
    "pages",
    [
        [],
        [new(day(9))],
        [new(day(9), day(9)), new(day(9))],
        [new(day(1), day(2))],
        [new(day(9), day(8)), new(day(8), day(9))],
        [new(day(9), day(7)), new(day(8), day(6))],
        [new(day(9), None)],
        [new(day(9), "whenever")],
        [new("31.05.2026", "01.05.2026")],
        [new("2026-03-09T10:00:00+01:00", "2026-03-09T09:30:00+00:00")],
    ],
)
def test_newest_first_is_not_proven_by_less(pages: list[list[tuple[Any, bool]]]) -> None:
    assert not descends(*pages)
