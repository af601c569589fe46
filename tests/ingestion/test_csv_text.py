"""Any file of separated values becomes rows with line numbers; what is damaged costs its own line and says why."""

import codecs
import csv
import io
import os
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.csv_text import BadLine, CsvProblem, CsvTable, Row, open_table

HEADINGS = ["ID", "Name", "Note"]
ROWS = [["1", "Zoë Müller", "plain"], ["2", 'O"Hara, Sean; Jr.', "two\nlines"], ["3", "", "a|b\tc"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def written(rows: list[list[str]], delimiter: str = ",", line_end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    # Python's writer leaves a line feed unquoted in a file whose lines end in a carriage return.
    quoting: Literal[0, 1] = csv.QUOTE_ALL if line_end == "\r" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue()


def table_of(path: Path, text: str | bytes) -> CsvTable:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_table(path)


def cells(table: CsvTable) -> list[list[str]]:
    found = list(table.rows())
    assert all(isinstance(one, Row) for one in found), found
    return [one.cells for one in found if isinstance(one, Row)]


def bad_lines(table: CsvTable) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in table.rows() if isinstance(one, BadLine)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("cp1252", b""),
    ],
)
def test_every_common_way_of_writing_reads_the_same(
    path: Path, delimiter: str, line_end: str, encoding: str, mark: bytes
) -> None:
    table = table_of(path, mark + written([HEADINGS, *ROWS], delimiter, line_end).encode(encoding))
    assert (table.headings, table.delimiter) == (HEADINGS, delimiter)
    assert cells(table) == ROWS


def test_a_guess_at_the_encoding_is_told(path: Path) -> None:
    assert table_of(path, "ID,Name\n1,Zoë").notes == ()
    [note] = table_of(path, "ID,Name\n1,Zoë".encode("cp1252")).notes
    assert "read as cp1252" in note
    assert "--encoding" in note


def test_a_few_damaged_bytes_do_not_change_the_encoding_but_cost_their_lines(path: Path) -> None:
    lines = [f"{number},Zoë".encode() for number in range(40)]
    lines[20] = b"20,Zo\xff"
    table = table_of(path, b"ID,Name\n" + b"\n".join(lines))
    assert table.encoding == "utf-8"
    assert bad_lines(table) == [(22, "it holds bytes that the file's encoding does not know")]
    assert sum(isinstance(one, Row) for one in table.rows()) == 39


def test_lines_are_numbered_as_an_editor_shows_them(path: Path) -> None:
    table = table_of(path, 'sep=;\nID;Name\n\n1;"a\nb"\n;\n2;c\n')
    assert [(one.line, one.cells) for one in table.rows() if isinstance(one, Row)] == [
        (4, ["1", "a\nb"]),
        (7, ["2", "c"]),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2,"open', "unexpected end of data"),
        ('2,"open" shut', "expected after"),
        ("2", "it has 1 columns where the headings are 2"),
        ("2,b,c", "it has 3 columns where the headings are 2"),
        ('2,"' + "x" * 200_000 + '"', "field larger than field limit"),
    ],
)
def test_a_damaged_line_costs_itself_only(path: Path, line: str, reason: str) -> None:
    table = table_of(path, f"ID,Name\n1,a\n{line}\n3,c\n4,d")
    [(number, why)] = bad_lines(table)
    assert number == 3
    assert reason in why
    assert [one.cells[0] for one in table.rows() if isinstance(one, Row)] == ["1", "3", "4"]


def test_an_unclosed_quote_far_from_the_next_costs_one_line(path: Path) -> None:
    lines = [f"{number},a" for number in range(1000)]
    lines[500] = '500,"a'
    lines[900] = '900,"b"'
    table = table_of(path, "\n".join(["ID,Name", *lines]))
    [(number, why)] = bad_lines(table)
    assert (number, "does not close within 200 lines" in why) == (502, True)
    assert sum(isinstance(one, Row) for one in table.rows()) == 999


def test_an_endless_line_is_not_held_in_memory(path: Path) -> None:
    table = table_of(path, "ID,Name\n1," + "x" * 3_000_000 + "\n2,b")
    assert [number for number, _ in bad_lines(table)] == [2]
    assert [one.cells for one in table.rows() if isinstance(one, Row)] == [["2", "b"]]


def test_trailing_separators_and_nul_mean_nothing(path: Path) -> None:
    assert cells(table_of(path, "ID,Name,,\n1,a\x00b,,\n2,c\n3,d,")) == [["1", "ab"], ["2", "c"], ["3", "d"]]


def test_decimal_commas_do_not_pass_for_separators(path: Path) -> None:
    assert table_of(path, "ID;Price\n1;38,00\n2;40,00\n3;41,50").delimiter == ";"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"PK\x03\x04rest", "is an Excel workbook"),
        (b"just one column\n1\n2\n", "Give the separator with --delimiter"),
        (b'"ID,Name\n1,a\n', "the line of headings cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_explained(path: Path, content: bytes, message: str) -> None:
    with pytest.raises(CsvProblem, match=message):
        table_of(path, content)


@pytest.mark.parametrize("encoding", ["klingon", "hex", "utf-16"])
def test_a_wrong_encoding_is_explained(path: Path, encoding: str) -> None:
    path.write_bytes(b"ID,Name\n1,abc")
    with pytest.raises(CsvProblem, match="encoding"):
        list(open_table(path, encoding=encoding).rows())


def test_what_can_be_read_once_only_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CsvProblem, match="Save what it holds in a file"):
        open_table(tmp_path / "pipe")


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(CsvProblem, match="cannot be opened"):
        open_table(tmp_path / "nowhere.csv")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text('ab1,;"\n\r\t| é\x00', max_size=200).map(str.encode))
def test_any_bytes_are_rows_bad_lines_or_a_typed_error(path: Path, content: bytes) -> None:
    try:
        table = table_of(path, content)
        found = list(table.rows())
    except CsvProblem:
        return
    assert all(len(one.cells) == len(table.headings) for one in found if isinstance(one, Row))
    lines = [one.line for one in found]
    assert lines == sorted(set(lines)), "each line is told of once, in order"


fields = st.text("aé1 ,;|'\"\n", max_size=5)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.integers(1, 99).map(str), fields, fields).map(list), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(path: Path, rows: list[list[str]]) -> None:
    path.write_bytes(written([HEADINGS, *rows]).encode())
    assert cells(open_table(path, delimiter=",")) == rows
