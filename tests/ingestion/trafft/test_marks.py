"""The compact table of marks is a dict to whoever uses it."""

from hypothesis import given
from hypothesis import strategies as st

from ingestion.trafft.marks import Marks

KEYS = st.one_of(st.integers(0, 40), st.integers(0, 2**60 - 1))
PAGES = st.lists(st.lists(st.tuples(KEYS, st.integers(0, 2**60 - 1)), max_size=12), max_size=30)


@given(pages=PAGES, overlay=st.integers(1, 8), asked=st.lists(KEYS, max_size=20))
def test_it_knows_what_a_dict_would_know(pages: list[list[tuple[int, int]]], overlay: int, asked: list[int]) -> None:
    marks, twin = Marks(overlay), dict[int, int]()
    for page in pages:
        merged = marks.of([key for key, _ in page])
        for (key, mark), before in zip(page, merged, strict=True):
            assert marks.latest(key, before) == twin.get(key, -1)
            marks[key] = mark
            twin[key] = mark
    assert [key in marks for key in asked] == [key in twin for key in asked]
    assert all(key in marks for key in twin)
