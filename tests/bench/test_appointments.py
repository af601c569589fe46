"""The records that benchmarks load: equal for equal seeds, and listed as Trafft lists them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.account import Account, InFile, InMemory, write_records
from bench.appointments import Shop

SHOP = Shop(seed=7, appointments=250)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[InFile]:
    with InFile(write_records(SHOP, tmp_path / "records.jsonl")) as records:
        yield records


def test_equal_seeds_make_equal_records_and_others_do_not() -> None:
    assert list(SHOP.records()) == list(Shop(7, 250).records())
    assert set(SHOP.records()).isdisjoint(Shop(8, 250).records())


def test_every_appointment_comes_once_newest_first() -> None:
    records = [json.loads(record) for record in SHOP.records()]
    assert [record["id"] for record in records] == list(range(250, 0, -1))
    starts = [record["start_date_time"] for record in records]
    assert starts == sorted(starts, reverse=True)


def test_a_record_is_about_a_kilobyte() -> None:
    size = sum(map(len, Shop(7, 2_000).records())) / 2_000
    assert 900 < size < 1_100


def test_custom_fields_can_be_left_out() -> None:
    plain = json.loads(next(Shop(7, 100, has_custom_fields=False).records()))
    assert "custom_fields" not in plain
    assert "custom_fields" in json.loads(next(SHOP.records()))


@pytest.mark.parametrize(("start", "stop"), [(0, 100), (95, 105), (199, 250), (240, 300), (250, 260), (0, 250)])
def test_a_file_gives_the_records_that_memory_gives(file: InFile, start: int, stop: int) -> None:
    assert len(file) == 250
    assert list(file.between(start, stop)) == list(file.all().between(start, stop))


def test_pages_of_any_limit_show_the_whole_list() -> None:
    account = Account(InMemory(list(SHOP.records())))
    pages = [account.page("appointments", number, limit=90, params={}) for number in (1, 2, 3)]
    assert [len(page.records) for page in pages] == [90, 90, 70]
    assert [record["id"] for page in pages for record in page.records] == list(range(250, 0, -1))
    assert {(page.total, page.pages, page.limit) for page in pages} == {(250, 3, 90)}
