"""`sixfb import`: a file exported from Trafft, as far as it says what the API does not."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from cli.console import emit, say
from cli.installation import Installation
from cli.migration import make_ready, require_current
from cli.shops import find_integration
from cli.signals import stopping_in_order
from ingestion.csv_import import CsvReport, CsvRequest, import_csv, preview_csv
from ingestion.csv_values import DateOrder, DecimalMark, date_order_of
from ingestion.records import Unreadable
from ingestion.trafft.csv_columns import LAYOUTS

_SHOWN_COLUMNS = {
    "appointments": ("external_id", "starts_at", "status", "service_name", "employee_name", "price"),
    "customers": ("external_id", "first_name", "last_name", "email", "phone_number"),
}
_SHOWN_STATUSES = 10
_SHOWN_REFUSALS = 20
"""Of a real import, in the terminal; the quarantine has them all, and a dry run and --json show them all."""


def _delimiter(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
    delimiter = named.get((value or "").lower(), value)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n" \x00'):
        raise click.BadParameter(f"{value!r} cannot separate columns. Give one character, or the word tab.")
    return delimiter


def _pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for value in values:
        name, equals, meaning = value.partition("=")
        if not (equals and name.strip() and meaning.strip()):
            example = "id=Termin-Nr." if parameter.name == "columns" else "Genehmigt=approved"
            raise click.BadParameter(
                f'{value!r} says nothing of anything. Write it as {parameter.opts[0]} "{example}".'
            )
        if name.strip() in chosen:
            raise click.BadParameter(f"{name.strip()!r} is told twice. Tell it once.")
        chosen[name.strip()] = meaning.strip()
    return chosen


def _date_order(_context: click.Context, _parameter: click.Parameter, value: str | None) -> DateOrder | None:
    try:
        return None if value is None else date_order_of(value)
    except Unreadable as error:
        raise click.BadParameter(f"{error}.") from error


@click.command("import")
@click.argument("integration_id")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--resource", type=click.Choice(list(LAYOUTS)), required=True, help="What the file is a list of.")
@click.option("--delimiter", callback=_delimiter, help="Between columns, e.g. ';' or tab; found out if absent.")
@click.option("--encoding", help="Of the file, e.g. utf-16; found out if absent.")
@click.option("--column", "columns", multiple=True, callback=_pairs, help='As "id=Termin-Nr."; may be repeated.')
@click.option("--date-format", "date_order", callback=_date_order, help="dmy, mdy or ymd, or as DD/MM/YYYY.")
@click.option("--decimal", "decimal_mark", type=click.Choice(["comma", "point"]), help="Mark in prices.")
@click.option("--status", "statuses", multiple=True, callback=_pairs, help='As "Genehmigt=approved"; may be repeated.')
@click.option("--dry-run", is_flag=True, help="Show what would be read and what would not; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_(
    *,
    integration_id: str,
    file: Path,
    resource: str,
    delimiter: str | None,
    encoding: str | None,
    columns: Mapping[str, str],
    date_order: DateOrder | None,
    decimal_mark: DecimalMark | None,
    statuses: Mapping[str, str],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a CSV file that was exported from Trafft.

    INTEGRATION_ID may also be the barbershop's id, or the beginning of either. Begin with --dry-run. Importing the
    same file again adds nothing; what Trafft's API says of the same id always comes first. Status 0 only if every line
    was read: the others are in the quarantine, with the reason.
    """
    request = CsvRequest(file, resource, encoding, delimiter, columns, date_order, decimal_mark, statuses)
    installation = Installation.open()
    with stopping_in_order(), installation.database() as database:
        if dry_run:
            require_current(database.url)
        else:
            make_ready(database.url, embedded=installation.embedded)
        shop = find_integration(database.url, integration_id)
        if dry_run:
            report = preview_csv(database.url, shop.id, request)
        else:
            report = import_csv(database.url, installation.home.dlt, shop.id, request)
    if as_json:
        emit(_document(report, dry_run=dry_run))
    else:
        _show(report, ZoneInfo(shop.timezone), dry_run=dry_run)
    if report.counts.refused:
        raise click.exceptions.Exit(1)


def _document(report: CsvReport, *, dry_run: bool) -> dict[str, Any]:
    counts = report.counts
    return {
        "dryRun": dry_run,
        "syncId": report.sync_id,
        "status": report.status,
        "resource": report.columns.layout.resource,
        "lines": counts.lines,
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "refused": [{"line": one.line, "reason": one.reason} for one in report.refused],
        "unknownPrices": counts.unknown_prices,
        "unknownStatuses": dict(counts.unknown_statuses),
        "firstStart": counts.first_start,
        "lastStart": counts.last_start,
        "file": {
            "encoding": report.table.encoding,
            "delimiter": report.table.delimiter,
            "columns": report.columns.mapping,
            "otherColumns": list(report.columns.others),
            "dateOrder": report.formats.date_order,
            "decimalMark": report.formats.decimal_mark,
            "notes": _notes(report),
        },
        "firstRows": report.first_rows,
    }


def _notes(report: CsvReport) -> list[str]:
    return [*report.table.notes, *report.formats.notes]


def _show(report: CsvReport, zone: ZoneInfo, *, dry_run: bool) -> None:
    counts, resource = report.counts, report.columns.layout.resource
    console = Console(highlight=False, markup=False)
    separator = {"\t": "tab"}.get(report.table.delimiter, repr(report.table.delimiter))
    console.print(f"{report.table.path.name}: {resource}, {report.table.encoding}, columns separated by {separator}.")
    for note in _notes(report):
        console.print(note)
    mapping = Table("field", "column of the file")
    for field, heading in report.columns.mapping.items():
        mapping.add_row(field, heading)
    console.print(mapping)
    if others := list(report.columns.others):
        console.print(f"Kept as they are, without a meaning: {', '.join(others)}.")
    if report.first_rows:
        shown = _SHOWN_COLUMNS[resource]
        rows = Table(title=f"The first new or changed rows, times in {zone.key}")
        for name in shown:
            rows.add_column(name, no_wrap=name in ("external_id", "starts_at"))
        for row in report.first_rows:
            rows.add_row(*(_cell(row.get(name), zone) for name in shown))
        console.print(rows)
    does = "would be" if dry_run else "are"
    console.print(
        f"{counts.lines:,} lines: {counts.new:,} {does} new, {counts.changed:,} changed, {counts.unchanged:,} known "
        f"already, {counts.refused:,} not read."
    )
    if counts.unknown_prices:
        console.print(f"{counts.unknown_prices:,} prices are no amounts and stay unknown.")
    for word, lines in Counter(counts.unknown_statuses).most_common(_SHOWN_STATUSES):
        console.print(
            f"{word!r} is no status that we know ({lines:,} lines). Tell what it means: --status {word}=approved"
        )
    _show_refusals(report, dry_run=dry_run)


def _cell(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def _show_refusals(report: CsvReport, *, dry_run: bool) -> None:
    shown = report.refused if dry_run else report.refused[:_SHOWN_REFUSALS]
    for one in shown:
        say(f"line {one.line}: {one.reason}")
    if left := len(report.refused) - len(shown):
        say(f"... and {left:,} more; raw_trafft.quarantine has them all.")
