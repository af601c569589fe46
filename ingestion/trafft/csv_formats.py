"""How one export writes its dates, amounts and durations, found out from all its rows before the first is read."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from ingestion.csv_text import CsvProblem, CsvTable, Row
from ingestion.csv_values import DateOrder, DateOrders, DecimalMark, DecimalMarks, read_clock, split_date
from ingestion.records import Unreadable
from ingestion.trafft.csv_columns import APPOINTMENTS_LAYOUT, Columns
from ingestion.trafft.values import SHORTEST_SERVICE_SECONDS

_DATES = ("date", "end", "booked")
_EXAMPLES = 2


@dataclass(frozen=True)
class Formats:
    """The styles of one file. `seconds_per_unit` is what a duration without a unit counts: 60 for minutes."""

    date_order: DateOrder = "dmy"
    decimal_mark: DecimalMark | None = None
    seconds_per_unit: int = 60
    notes: tuple[str, ...] = ()
    """What was found out, and from which line, for a person."""


@dataclass
class _Findings:
    dates: DateOrders = field(default_factory=DateOrders)
    amounts: DecimalMarks = field(default_factory=DecimalMarks)
    bare_durations: int = 0
    all_in_seconds: bool = True
    has_clock: bool = False
    rows: int = 0

    def see(self, row: Row, columns: Columns) -> None:
        self.rows += 1
        for name, text in _cells(row, columns):
            if name in _DATES:
                self.dates.see(row.line, text)
                self.has_clock = self.has_clock or (name == "date" and _has_clock(text))
            elif name == "price":
                self.amounts.see(row.line, text)
            elif name == "duration" and text.isascii() and text.isdecimal():
                number = int(text[:18])
                self.bare_durations += 1
                self.all_in_seconds &= number >= SHORTEST_SERVICE_SECONDS and number % 60 == 0


def detect_formats(
    table: CsvTable, columns: Columns, *, date_order: DateOrder | None = None, decimal_mark: DecimalMark | None = None
) -> Formats:
    """Read the file once and decide; what the user says stands. Raises `CsvProblem` when it cannot be decided."""
    if columns.layout is not APPOINTMENTS_LAYOUT:
        return Formats()
    findings = _Findings()
    for row in table.rows():
        if isinstance(row, Row):
            findings.see(row, columns)
    if findings.rows and "time" not in columns.places and not findings.has_clock:
        raise CsvProblem(
            f"The file has no column for time, and its dates ({columns.mapping['date']!r}) come without one. Export it "
            'with the column Time, or say which one it is: --column "time=HEADING".'
        )
    notes: list[str] = []
    order = date_order or _date_order(findings.dates, notes)
    mark = decimal_mark or _decimal_mark(findings.amounts, notes)
    in_seconds = findings.bare_durations > 0 and findings.all_in_seconds
    if findings.bare_durations:
        notes.append(f"Durations without a unit are {'seconds' if in_seconds else 'minutes'}.")
    return Formats(order, mark, 1 if in_seconds else 60, tuple(notes))


def _date_order(dates: DateOrders, notes: list[str]) -> DateOrder:
    day, month, either = dates.day_first, dates.month_first, dates.either
    if day and month:
        raise CsvProblem(
            f"Its dates contradict each other: {_shown(day)} can only have the day first, {_shown(month)} only the "
            "month. Say which is right with --date-format dmy or --date-format mdy; the others will be refused."
        )
    if day or month:
        first: DateOrder = "dmy" if day else "mdy"
        notes.append(f"Dates have the {'day' if day else 'month'} first, as {_shown(day or month)} shows.")
        return first
    if either:
        raise CsvProblem(
            f"No date in it tells the day from the month; the first that could be either is {_shown(either)}. "
            "Give --date-format dmy (the day first) or --date-format mdy (the month first)."
        )
    return "dmy"


def _decimal_mark(amounts: DecimalMarks, notes: list[str]) -> DecimalMark | None:
    if amounts.comma and amounts.point:
        raise CsvProblem(
            f"Its prices contradict each other: {_shown(amounts.comma)} has a decimal comma, {_shown(amounts.point)} a "
            "decimal point. Say which is right with --decimal comma or --decimal point; the others will be unknown."
        )
    if not (amounts.comma or amounts.point):
        return None
    mark: DecimalMark = "comma" if amounts.comma else "point"
    notes.append(f"Prices have a decimal {mark}, as {_shown(amounts.comma or amounts.point)} shows.")
    return mark


def _shown(evidence: tuple[int, str] | None) -> str:
    return f"{evidence[1][:40]!r} (line {evidence[0]})" if evidence else "nothing"


def _has_clock(text: str) -> bool:
    with suppress(Unreadable):
        # Which number is the day does not matter for what stands behind them.
        for order in ("dmy", "mdy"):
            with suppress(Unreadable):
                return read_clock(split_date(text, order)[1]) is not None
    return False


def _cells(row: Row, columns: Columns) -> Iterator[tuple[str, str]]:
    for name, place in columns.places.items():
        if text := row.cells[place].strip():
            yield name, text
