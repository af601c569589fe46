"""Reads a file of separated values as rows of text: encoding, separator and quotes are found out, damaged lines shown.

Nothing here knows what the columns mean. A line that cannot be taken apart costs itself and never its neighbours.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000
"""Characters; a longer line is no row of a booking list, and is not held in memory."""
LINES_PER_ROW = 200
"""Lines that one row may span through quoted line breaks. An unclosed quote would otherwise swallow the whole file."""
_SAMPLE_LINES = 200
_BLOCK = 1 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNDECODABLE = range(0xD800, 0xE000)
"""Halves of a character: what `surrogateescape` makes of a byte that the encoding does not know."""


class CsvProblem(Exception):
    """The file as a whole cannot be read; the message says what is wrong with it and what to do."""


@dataclass(frozen=True)
class Row:
    """One row: the number of its first line in the file, counted from 1, and as many cells as there are headings."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class BadLine:
    """A line that is no row, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class CsvTable:
    """A file whose encoding, separator and headings are known. It is read anew for each call of `rows`."""

    path: Path
    encoding: str
    delimiter: str
    headings: list[str]
    notes: tuple[str, ...]
    """What a person should know of how it was opened."""

    def rows(self) -> Iterator[Row | BadLine]:
        """Yield what stands below the headings, without empty lines. Raises `CsvProblem`."""
        with _opened(self.path, self.encoding) as file:
            found = _rows(_lines(file, self), self.delimiter, len(self.headings))
            yield from islice(found, 1, None)


def open_table(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> CsvTable:
    """Find out how the file is written, unless told. Raises `CsvProblem`."""
    _require_file(path)
    notes: list[str] = []
    if encoding is None:
        encoding, note = _detect_encoding(path)
        notes += [note] if note else []
    with _opened(path, encoding) as file:
        draft = CsvTable(path, encoding, delimiter or ",", [], ())
        sample = list(islice((line for line in _lines(file, draft) if line.strip()), _SAMPLE_LINES))
    if not sample:
        raise CsvProblem(f"{path} is empty. Export it again, with at least the line of headings.")
    told = _told_delimiter(sample[0])
    delimiter = delimiter or told or _sniff(path, sample[1:] if told else sample)
    first = next(_rows(iter(sample[1:] if told else sample), delimiter, None), None)
    if not isinstance(first, Row):
        raise CsvProblem(f"{path}: the line of headings cannot be read{f', {first.reason}' if first else ''}.")
    headings = [one.strip() for one in first.cells]
    while not headings[-1]:
        headings.pop()
    return CsvTable(path, encoding, delimiter, headings, tuple(notes))


def _opened(path: Path, encoding: str) -> TextIO:
    try:
        codecs.lookup(encoding)
        return path.open(encoding=encoding, errors="surrogateescape", newline="")
    except (LookupError, ValueError) as error:
        raise CsvProblem(f"{encoding!r} is no text encoding. Give one such as utf-8, utf-16 or cp1252.") from error
    except OSError as error:
        raise CsvProblem(f"{path} cannot be opened: {error.strerror}.") from error


def _require_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise CsvProblem(f"{path} is no file that can be read twice. Save what it holds in a file, and give that.")


def _detect_encoding(path: Path) -> tuple[str, str | None]:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise CsvProblem(f"{path} cannot be opened: {error.strerror}.") from error
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CsvProblem(f"{path} is an Excel workbook. Export it as CSV, or save it as CSV from your spreadsheet.")
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding, None
    if len(start) > 1:
        for parity, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if start[parity::2].count(0) * 3 > len(start):
                return encoding, f"The file has no byte order mark; its zero bytes say {encoding}."
    return _utf8_or_cp1252(path)


def _utf8_or_cp1252(path: Path) -> tuple[str, str | None]:
    """Take UTF-8 unless it fails more often than it fits; a few damaged bytes then cost their lines only."""
    beyond_ascii = damaged = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        at_end = False
        while not at_end:
            block = file.read(_BLOCK)
            at_end = not block
            # The end counts too: a file in another encoding may end in what looks like half a character.
            characters = decoder.decode(block, final=at_end)
            if not characters.isascii():
                beyond_ascii += sum(character > "\x7f" for character in characters)
                damaged += sum(ord(character) in _UNDECODABLE for character in characters)
    if damaged == 0:
        return "utf-8", None
    if damaged * 10 <= beyond_ascii:
        return "utf-8", f"The file is UTF-8, but for {damaged} damaged bytes; their lines are not read."
    return "cp1252", (
        "The file is not UTF-8; it was read as cp1252 (Windows, Western Europe). "
        "If names look wrong, give its encoding with --encoding."
    )


def _lines(file: TextIO, table: CsvTable) -> Iterator[str]:
    """Yield lines without NUL, which PostgreSQL's text cannot hold; of one that is too long, its beginning."""
    is_first = True
    try:
        while line := file.readline(LONGEST_LINE):
            rest = line
            while len(rest) == LONGEST_LINE and not rest.endswith(("\n", "\r")):
                rest = file.readline(LONGEST_LINE)
            line = line.replace("\x00", "")
            if is_first:
                is_first = False
                line = line.removeprefix("\ufeff")
                # A spreadsheet's own hint stands before the headings, and is a line of the file like any other.
                if _told_delimiter(line) and table.headings:
                    line = "\n"
            yield line
    except UnicodeError as error:
        raise CsvProblem(
            f"{table.path} is not written in {table.encoding}: {error}. Give its encoding with --encoding."
        ) from error


def _told_delimiter(line: str) -> str | None:
    words = line.strip("\r\n\"' ")
    return words[4] if len(words) == 5 and words.lower().startswith("sep=") else None


def _sniff(path: Path, sample: list[str]) -> str:
    """Return the separator that splits the headings into most cells and the lines below into as many."""
    agreement = {delimiter: _agreement(sample, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: agreement[delimiter])
    if not agreement[best]:
        raise CsvProblem(
            f"{path}: no comma, semicolon, tab or bar separates its first line into columns. "
            "Give the separator with --delimiter, or choose one of these in Trafft's export."
        )
    return best


def _agreement(sample: list[str], delimiter: str) -> float:
    widths = [len(row.cells) for row in _rows(iter(sample), delimiter, None) if isinstance(row, Row)]
    if not widths or widths[0] < 2:
        return 0.0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)


class _Feed:
    """Hands lines to the csv reader, and takes those back that a damaged row has swallowed."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.line = 1
        """The number of the line that the row being read begins with."""

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LINES_PER_ROW:
            raise csv.Error(f"a quote opens in it that does not close within {LINES_PER_ROW} lines")
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        return line

    @property
    def spans_lines(self) -> bool:
        return len(self._taken) > 1

    @property
    def is_clean(self) -> bool:
        """Whether all the bytes of the row meant something."""
        return not any(ord(letter) in _UNDECODABLE for line in self._taken if not line.isascii() for letter in line)

    def accept(self) -> None:
        self.line += len(self._taken)
        self._taken = []

    def refuse(self, reason: str) -> BadLine:
        """Give up the first line only; those after it will be read again."""
        first, *rest = self._taken
        self._waiting.extendleft(reversed(rest))
        self._taken = []
        self.line += 1
        return BadLine(self.line - 1, first.rstrip("\r\n")[:1000], reason)


def _rows(lines: Iterator[str], delimiter: str, width: int | None) -> Iterator[Row | BadLine]:
    """Yield rows and bad lines; with a width, rows of exactly as many cells. The headings count as a row."""
    feed = _Feed(lines)
    try:
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
    except (TypeError, ValueError) as error:
        raise CsvProblem(f"{delimiter!r} cannot separate columns: {error}. Give one character.") from error
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield feed.refuse(str(error))
            continue
        if not any(cell.strip() for cell in cells):
            feed.accept()
            continue
        reason = None if feed.is_clean else "it holds bytes that the file's encoding does not know"
        reason = reason or _misfit(cells, width, spans_lines=feed.spans_lines)
        if reason:
            yield feed.refuse(reason)
            continue
        row = Row(feed.line, cells if width is None else cells[:width])
        feed.accept()
        yield row


def _misfit(cells: list[str], width: int | None, *, spans_lines: bool) -> str | None:
    if width is None or len(cells) == width or (len(cells) > width and not any(cell.strip() for cell in cells[width:])):
        return None
    quotes = "; perhaps a quote opens in it that closes in another line" if spans_lines else ""
    return f"it has {len(cells)} columns where the headings are {width}{quotes}"
