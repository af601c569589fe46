"""Imports a file that a shop exported from its booking system as versions of origin `csv`, or says what it would do.

The way of a sync: the integration's lock, the change filter, one dlt package, a row in `control.sync_operations`.
Readers take the API's word first, and an import never takes anything away.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection

from ingestion.control import integrations, sync_operations
from ingestion.control.database import connect
from ingestion.control.locks import integration_lock
from ingestion.control.records import Integration, Outcome, SyncOperation
from ingestion.csv_reading import CsvCounts, CsvReading, RefusedLine
from ingestion.csv_text import CsvProblem, CsvTable, open_table
from ingestion.csv_values import DateOrder, DecimalMark
from ingestion.currencies import minor_digits
from ingestion.loading import RawTables
from ingestion.raw import VersionLog
from ingestion.records import ShopContext
from ingestion.systems import SYSTEMS
from ingestion.trafft.csv_columns import LAYOUTS, Columns, map_columns
from ingestion.trafft.csv_formats import Formats, detect_formats
from ingestion.trafft.csv_records import CSV_RESOURCES, STATUSES, CsvReader, plain_status
from ingestion.trafft.directory import read_directory
from ingestion.versions import Batch, Observer, Stamp
from ingestion.writer_slots import WriterSlots

SYNC_TYPE = "csv"
SHOWN_ROWS = 5
_COVERS = "update control.sync_operations set date_from = %s, date_to = %s where id = %s"


@dataclass(frozen=True)
class CsvRequest:
    """The file to import, and what the user says of it; whatever is None is found out."""

    path: Path
    resource: str
    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] | None = None
    """Field → heading."""
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    statuses: Mapping[str, str] | None = None
    """Word of the file → status as the API writes it."""


@dataclass(frozen=True)
class CsvReport:
    """What an import did, or a dry run would do. `status` is partial when lines were refused, None for a dry run."""

    sync_id: str | None
    status: Outcome | None
    counts: CsvCounts
    refused: list[RefusedLine]
    first_rows: list[dict[str, Any]]
    """The first rows as they are stored, without their stamps."""
    table: CsvTable
    columns: Columns
    formats: Formats


def preview_csv(url: str, integration_id: str, request: CsvRequest) -> CsvReport:
    """Say what an import would do, and write nothing. Raises `CsvProblem`, `UnknownIntegration`."""
    with connect(url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        integration = integrations.get_integration(connection, integration_id)
        plan = _Plan.of(connection, integration, _open(request), sync_id="dry run")
        for _ in plan.batches():
            pass
        return plan.report(None, None)


def import_csv(url: str, work_dir: Path, integration_id: str, request: CsvRequest) -> CsvReport:
    """Append what the file says and the log does not hold yet.

    Holds the integration's lock from before the first line until after the last row. Raises `CsvProblem` before
    anything is written, `UnknownIntegration`, `AlreadyRunning` while the shop is synced, and whatever the load raises;
    the operation is then recorded as failed and the next import of the file carries on.
    """
    with connect(url, autocommit=True) as connection:
        integration = integrations.get_integration(connection, integration_id)
        # A file that cannot be read is no operation of the shop: look before the row is opened.
        file = _open(request)
        with integration_lock(url, integration.id) as lock:
            sync_operations.close_abandoned(connection, integration.id)
            operation = sync_operations.start(connection, integration, SYNC_TYPE)
            try:
                plan = _Plan.of(connection, integration, file, sync_id=operation.id)
                seconds = _load(url, work_dir, integration, plan, lock.confirm)
            except BaseException as error:
                _record_failure(connection, operation, error)
                raise
            return _finish(connection, operation, plan, seconds)


@dataclass(frozen=True)
class _File:
    """A file that was understood."""

    table: CsvTable
    columns: Columns
    formats: Formats
    statuses: Mapping[str, str]


def _open(request: CsvRequest) -> _File:
    table = open_table(request.path, encoding=request.encoding, delimiter=request.delimiter)
    columns = map_columns(LAYOUTS[request.resource], table.headings, request.columns or {})
    formats = detect_formats(table, columns, date_order=request.date_order, decimal_mark=request.decimal_mark)
    statuses = {plain_status(word): status for word, status in (request.statuses or {}).items()}
    if wrong := sorted(set(statuses.values()) - set(STATUSES)):
        raise CsvProblem(f"{wrong[0]!r} is no status. The statuses are {', '.join(STATUSES)}.")
    return _File(table, columns, formats, statuses)


@dataclass(frozen=True)
class _Plan:
    """The reading that turns a file into rows, and the first of these."""

    file: _File
    reading: CsvReading
    first_rows: list[dict[str, Any]]

    @classmethod
    def of(cls, connection: Connection, integration: Integration, file: _File, *, sync_id: str) -> "_Plan":
        dataset = _tables(integration).dataset
        context = ShopContext(ZoneInfo(integration.timezone), minor_digits=minor_digits(integration.currency))
        directory = read_directory(connection, dataset, integration.id)
        stamp = Stamp(integration.barbershop_id, integration.id, sync_id, origin="csv")
        log = VersionLog(connection, dataset, integration.id)
        observer = Observer(CSV_RESOURCES[file.columns.layout.resource], context, stamp, log)
        reader = CsvReader(file.columns, file.formats, context, directory, file.statuses)
        return cls(file, CsvReading(file.table, reader, observer), [])

    def batches(self) -> Iterator[Batch]:
        for batch in self.reading.batches():
            if batch.table in CSV_RESOURCES and len(self.first_rows) < SHOWN_ROWS:
                shown = ["external_id", *CSV_RESOURCES[batch.table].columns]
                self.first_rows.extend(batch.rows.select(shown).slice(0, SHOWN_ROWS - len(self.first_rows)).to_pylist())
            yield batch

    def report(self, sync_id: str | None, status: Outcome | None) -> CsvReport:
        reading, file = self.reading, self.file
        return CsvReport(
            sync_id, status, reading.counts, reading.refused, self.first_rows, file.table, file.columns, file.formats
        )


def _tables(integration: Integration) -> RawTables:
    system = SYSTEMS[integration.provider]
    return RawTables(system.name, system.resources)


def _load(
    url: str, work_dir: Path, integration: Integration, plan: _Plan, confirm: Callable[[], None]
) -> Mapping[str, float]:
    """Load through a free slot; what a killed import leaves in it, whoever loads next finishes."""
    with WriterSlots(url, _tables(integration), work_dir).take() as loader:
        # Whoever has lost the lock meanwhile must not write any more.
        return loader.load(plan.batches(), before_load=confirm).seconds


def _finish(connection: Connection, operation: SyncOperation, plan: _Plan, seconds: Mapping[str, float]) -> CsvReport:
    counts = plan.reading.counts
    status: Outcome = "partial" if counts.refused else "success"
    resource = plan.file.columns.layout.resource
    # `complete` is what incremental syncs count from: a file proves nothing about the account.
    shown = {
        "seen": counts.lines,
        "new": counts.new,
        "changed": counts.changed,
        "gone": 0,
        "quarantined": counts.refused,
        "complete": False,
        "note": f"imported from {plan.file.table.path.name}",
    }
    summary = {"resources": {resource: shown}, "phases": dict(seconds)}
    if counts.first_start is not None:
        connection.execute(_COVERS, (counts.first_start, counts.last_start, operation.id))
    sync_operations.finish(connection, operation, status=status, summary=summary)
    return plan.report(operation.id, status)


def _record_failure(connection: Connection, operation: SyncOperation, error: BaseException) -> None:
    details = [{"error": type(error).__name__, "message": str(error), "advice": getattr(error, "advice", None)}]
    # When the database itself is what failed, the next writer closes the operation; the first error is what matters.
    with suppress(psycopg.Error, sync_operations.SyncNotRunning):
        sync_operations.finish(connection, operation, status="failed", errors=details)
