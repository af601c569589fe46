"""Reads one exported file into batches for the version log, counts its lines, and puts aside those it cannot read."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ingestion.csv_text import BadLine, CsvTable, Row
from ingestion.records import Unreadable
from ingestion.trafft.csv_records import UNKNOWN_PRICE, CsvReader, is_known_status, refused
from ingestion.versions import RECORDS_PER_TABLE, Batch, Observation, Observer


@dataclass(frozen=True)
class RefusedLine:
    """A line that was put aside, by its number in the file, counted from 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class CsvCounts:
    """What became of the lines below the headings: `lines` = `new` + `changed` + `unchanged` + `refused`."""

    lines: int
    new: int
    changed: int
    refused: int
    unknown_prices: int
    unknown_statuses: Mapping[str, int]
    """Word → on how many lines it stands, for the words that the models do not know."""
    first_start: datetime | None
    last_start: datetime | None
    """The earliest and the latest start of an appointment that was read (aware UTC)."""

    @property
    def unchanged(self) -> int:
        """Lines that say what the log holds already, or what an earlier line said."""
        return self.lines - self.new - self.changed - self.refused


class CsvReading:
    """One reading of one file: iterate `batches` to the end, then ask for its `counts`."""

    def __init__(self, table: CsvTable, reader: CsvReader, observer: Observer) -> None:
        self._table = table
        self._reader = reader
        self._observer = observer
        self._observed_at = datetime.now(UTC)
        self._lines = 0
        self._unknown_prices = 0
        self._unknown_statuses: Counter[str] = Counter()
        self._starts: list[str] = []
        self._seen: dict[str, tuple[int, bytes]] = {}
        """Id → the line it first stood on and what that said: 150 bytes a line are all that grows with the file."""
        self.refused: list[RefusedLine] = []

    def batches(self) -> Iterator[Batch]:
        """Yield the rows that the file adds to the log. Raises `CsvProblem`."""
        waiting: list[Observation] = []
        for found in self._table.rows():
            self._lines += 1
            record = self._record(found)
            if record is not None:
                waiting.append(Observation(record, self._observed_at))
            if len(waiting) == RECORDS_PER_TABLE:
                yield from self._observer.batches(waiting)
                waiting = []
        yield from self._observer.batches(waiting)

    @property
    def counts(self) -> CsvCounts:
        """What has been read so far."""
        counts = self._observer.counts
        first, last = map(datetime.fromisoformat, self._starts) if self._starts else (None, None)
        return CsvCounts(
            self._lines,
            counts.new,
            counts.changed,
            counts.quarantined,
            self._unknown_prices,
            self._unknown_statuses,
            first,
            last,
        )

    def _record(self, found: Row | BadLine) -> dict[str, Any] | None:
        """Return the record of a line, that of its refusal, or None when an earlier line said the same."""
        if isinstance(found, BadLine):
            return self._refuse(found.line, found.reason, {"text": found.text})
        try:
            record = self._reader.read(found)
            if self._repeats(record, found.line):
                return None
        except Unreadable as error:
            cells = {name: text for name, text in zip(self._table.headings, found.cells, strict=True) if text}
            return self._refuse(found.line, str(error), cells)
        self._unknown_prices += UNKNOWN_PRICE in record
        if (status := record.get("status")) and not is_known_status(status):
            self._unknown_statuses[status] += 1
        if (start := record.get("start_date_time")) is not None:
            # All in UTC and in one form, so that text compares as time does.
            self._starts = (
                [min(start, *self._starts[:1]), max(start, *self._starts[1:])] if self._starts else [start] * 2
            )
        return record

    def _repeats(self, record: dict[str, Any], line: int) -> bool:
        """Tell whether an earlier line said just this. Raises `Unreadable` when it said otherwise of the same id."""
        says = hashlib.blake2b(orjson.dumps(record), digest_size=16).digest()
        first_line, said = self._seen.setdefault(record["id"], (line, says))
        if first_line == line:
            return False
        if said != says:
            raise Unreadable(
                f"id: {record['id']!r} stands on line {first_line} already and says otherwise there; "
                "only one of a group's customers can be imported"
            )
        return True

    def _refuse(self, line: int, reason: str, cells: dict[str, str]) -> dict[str, Any]:
        self.refused.append(RefusedLine(line, reason))
        return refused(line, reason, cells)
