"""The only place that names dlt pipelines and datasets: appends batches to the raw tables, survives any kill.

Raw is an append-only log. A load that died is finished by the next one (`drain`), and until dlt has marked a load as
complete in `_dlt_loads`, nobody reads its rows; so a kill at any moment loses nothing and shows nothing half.
"""

import ctypes
import gc
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns
from dlt.common.schema.utils import new_table
from dlt.destinations import postgres
from dlt.destinations.impl.postgres.postgres import PostgresParquetCopyJob
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from psycopg.sql import SQL, Identifier

from ingestion.control.database import connect
from ingestion.records import Resource
from ingestion.systems import SYSTEMS
from ingestion.versions import QUARANTINE, QUARANTINE_COLUMNS, Batch, table_schema

LOAD_ID = "_dlt_load_id"
ROWS_PER_FILE = 25_000
"""A file is a transaction, and a connection that costs 35 ms of CPU; 100,000 rows make enough files for two workers."""

_M_ARENA_MAX = -8
"""As malloc.h has it."""

# Every reader of the log asks this table which loads were completed; dlt gives it no index.
_LOADS_INDEXES = {"id": "create index if not exists {name} on {table} (load_id)"}
_QUARANTINE_INDEXES = {"hash": "create index if not exists {name} on {table} (integration_id, row_hash)"}
_INDEXES = {
    # The change filter's look-up of a key's latest version, and the history of a key.
    "versions": "create index if not exists {name} on {table} (integration_id, external_id, observed_at)",
    # Rows of a load lie together and loads only grow, so a range index finds the new ones at almost no cost.
    "load": "create index if not exists {name} on {table} using brin (_dlt_load_id) with (autosummarize = on)",
}


@dataclass(frozen=True)
class RawTables:
    """The raw dataset of one booking system: `raw_<system>` with a table a resource, and the quarantine."""

    system: str
    resources: tuple[Resource, ...]

    @property
    def dataset(self) -> str:
        """The schema's name in PostgreSQL."""
        return f"raw_{self.system}"

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """Table name → columns as they are landed (dlt adds `_dlt_load_id`)."""
        tables = {resource.name: table_schema(resource) for resource in self.resources}
        return {**tables, QUARANTINE: pa.schema(QUARANTINE_COLUMNS)}

    @property
    def json_columns(self) -> dict[str, frozenset[str]]:
        """Table name → columns that hold JSON; `json`, not `jsonb`, because ADBC's COPY cannot write the latter."""
        return {resource.name: resource.json_columns | {"payload"} for resource in self.resources}


@dataclass
class LoadReport:
    """What one load did: dlt's load ids, and seconds spent in each step (extract includes reading the source)."""

    load_ids: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: {"extract": 0.0, "normalize": 0.0, "load": 0.0})


@cache
def _configure_process() -> None:
    """Set what dlt would otherwise read from files, and how often Python looks for garbage; both are per process."""
    # A batch of decoded pages is 100,000 small containers, and no cycle among them: searching them every 700
    # allocations, Python's default, took half the CPU of a sweep (23 us a record instead of 10, 22 Nov 2026).
    gc.set_threshold(200_000, 10, 10)
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["data_writer.file_max_items"] = ROWS_PER_FILE
    # Write each table as it comes, as a row group of its own: what waits in a buffer, and what ADBC encodes at a time,
    # is then one table and not the 5,000 rows and more that dlt would gather.
    dlt.config["data_writer.buffer_max_items"] = 1
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    # Schema and state are pushed, never pulled: each writer has a pipeline of its own, and the tables exist.
    dlt.config["restore_from_destination"] = False
    # Two files at a time: PostgreSQL is most of a load, and two of its processes write twice as fast (0.9 s instead of
    # 1.5 s for 100,000 appointments on 2 cores) for 20 MB of ours. dlt's default of 20 would hold 20 files in memory.
    dlt.config["load.workers"] = 2
    # dlt's own switch, on for SQL Server: ADBC gets a row group at a time, where it would hold all of a file as Arrow.
    PostgresParquetCopyJob._ingest_per_rowgroup = True  # noqa: SLF001 -- no public name; without it 50 MB more
    # glibc gives each thread a heap of its own, and keeps what each has had: 100 MB more with sixteen threads.
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    # Arrow's own allocator keeps what it has had: 40 MB more at the peak.
    pa.set_memory_pool(pa.system_memory_pool())
    # Otherwise the customers' data of every load stay in the working folder for ever.
    dlt.config["load.delete_completed_jobs"] = True
    # Arrow's text against our json hint is the same warning for each batch; errors still show.
    logging.getLogger("dlt").setLevel(logging.ERROR)


def _dlt_schema(tables: RawTables) -> dlt.Schema:
    """Return the dataset's dlt schema, complete before the first row: nothing is inferred from what happens to come."""
    schema = dlt.Schema(tables.system)
    for name, arrow_schema in tables.schemas.items():
        columns = py_arrow_to_table_schema_columns(arrow_schema)
        for column in tables.json_columns.get(name, ()):
            columns[column]["data_type"] = "json"
        columns[LOAD_ID] = {"name": LOAD_ID, "data_type": "text", "nullable": False}
        table = new_table(name, write_disposition="append", columns=list(columns.values()), file_format="parquet")
        schema.update_table(table)
    return schema


def _source(tables: RawTables, batches: Iterable[Batch]) -> DltSource:
    @dlt.resource(name="versions", write_disposition="append", file_format="parquet")
    def versions() -> Iterator[Any]:
        for batch in batches:
            yield dlt.mark.with_table_name(batch.rows, batch.table)

    return DltSource(_dlt_schema(tables), tables.system, [versions])


@dataclass
class RawLoader:
    """Appends batches to one raw dataset through a dlt pipeline with a working folder of its own.

    `writer` names the pipeline: one a writer at a time (`ingestion.writer_slots` sees to it), because two dlt runs in
    one working folder disturb each other.
    """

    url: str
    tables: RawTables
    writer: str
    work_dir: Path

    def __post_init__(self) -> None:
        _configure_process()
        try:
            self._pipeline = self._open()
        except ValueError:
            self._pipeline = self._begin_anew()

    def drain(self) -> bool:
        """Finish what an earlier, killed load left in the working folder; True when there was something.

        What cannot be finished, because its files were damaged by a full disk or a power cut, is given up: the next
        sweep reads the same records again, because only completed loads count as known. Raises
        `psycopg.OperationalError` when it is the database that cannot be reached; the package then goes on waiting.
        """
        try:
            is_pending = self._pipeline.has_pending_data
            while self._pipeline.has_pending_data:
                self._pipeline.normalize()
                self._pipeline.load()
            # Read every file that the next load needs, so that damage shows here and not in the middle of it.
            for name in self._pipeline.schema_names:
                self._pipeline.schemas.load_schema(name)
            self._tidy()
        except Exception:
            # dlt's own errors, and whatever its half-written files make of its readers: JSON, key and value errors.
            connect(self.url).close()
            self._pipeline = self._begin_anew()
            return True
        return is_pending

    def _tidy(self) -> None:
        """Remove what dlt keeps and nobody needs once nothing is waiting.

        That is a folder of small files for every completed load, and whole records, customers' data among them, of a
        reading that was killed before its end.
        """
        folder = self.work_dir / self._name
        kept = {folder / "normalize" / "extracted"}
        for parent in ("normalize", "load/new", "load/loaded"):
            for child in (folder / parent).glob("*/"):
                if child not in kept:
                    shutil.rmtree(child)

    def waiting_syncs(self) -> set[str]:
        """Return the ids of the syncs whose rows an earlier, killed load left; none of files that cannot be read."""
        found: set[str] = set()
        for file in (self.work_dir / self._name).rglob("*.parquet"):
            with suppress(pa.ArrowException, OSError):
                found.update(pq.read_table(file, columns=["sync_id"]).column("sync_id").unique().to_pylist())
        return found

    def discard(self) -> None:
        """Throw away what an earlier load left, in files; its rows in the database never counted and never will."""
        shutil.rmtree(self.work_dir / self._name)
        self._pipeline = self._open()

    def _open(self) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=self._name,
            pipelines_dir=str(self.work_dir.resolve()),
            destination=postgres(self.url),
            dataset_name=self.tables.dataset,
        )

    def _begin_anew(self) -> dlt.Pipeline:
        """Keep a damaged working folder for whoever wants to look, and open a new one: raw is the truth, not this."""
        folder = self.work_dir / self._name
        if folder.exists():
            folder.rename(folder.with_name(f"{self._name}.damaged-{time.time_ns()}"))
        return self._open()

    @property
    def _name(self) -> str:
        return f"{self.tables.system}_{self.writer}"

    def create_tables(self) -> None:
        """Bring the dataset's tables to the schema of `tables`: missing ones are created, missing columns added."""
        self._pipeline.extract(_source(self.tables, ()))
        self._pipeline.sync_schema()

    def load(self, batches: Iterable[Batch], *, before_load: Callable[[], None] = lambda: None) -> LoadReport:
        """Append the batches as one dlt package, and say what it cost. No batch, no package.

        Raises whatever reading the batches raises, unwrapped, before anything is loaded; what `before_load` raises,
        the last word before the first row is written; `PipelineStepFailed` when loading fails. In both of the latter
        cases the package waits for `drain`.
        """
        report = LoadReport()
        started = time.perf_counter()
        stream = iter(batches)
        first = next(stream, None)
        if first is None:
            report.seconds["extract"] = time.perf_counter() - started
            return report
        reading = _Reading(first, stream)
        try:
            self._pipeline.extract(_source(self.tables, reading), loader_file_format="parquet")
        except PipelineStepFailed as failure:
            # dlt wraps what reading the source raised twice over; callers want the booking system's own error.
            raise (reading.error or failure) from None
        extracted = time.perf_counter()
        self._pipeline.normalize()
        normalized = time.perf_counter()
        before_load()
        info = self._pipeline.load()
        report.load_ids = list(info.loads_ids)
        report.seconds = {
            "extract": extracted - started,
            "normalize": normalized - extracted,
            "load": time.perf_counter() - normalized,
        }
        return report


class _Reading:
    """The batches of one load, which remembers the error that ended them."""

    def __init__(self, first: Batch, rest: Iterator[Batch]) -> None:
        self._first = first
        self._rest = rest
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[Batch]:
        try:
            yield self._first
            yield from self._rest
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            # dlt closes its files for an `Exception` only, and a run mostly waits here when it is interrupted.
            raise RuntimeError("the reading was broken off") from error


def ensure_raw_tables(url: str) -> None:
    """Create every system's raw tables and indexes where they are missing; safe to repeat.

    First loads that create the same tables at once fail each other now and then (1 of 12 measured), so this runs at
    migration time, before any sync, and one caller at a time.
    """
    with connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext('ensure_raw_tables'))")
        for system in SYSTEMS.values():
            _ensure_tables(connection, url, RawTables(system.name, system.resources))


def _ensure_tables(connection: psycopg.Connection, url: str, tables: RawTables) -> None:
    with TemporaryDirectory(prefix="raw_tables_") as work_dir:
        RawLoader(url, tables, writer="migration", work_dir=Path(work_dir)).create_tables()
    for resource in tables.resources:
        _index(connection, tables, resource.name, _INDEXES)
    _index(connection, tables, QUARANTINE, _QUARANTINE_INDEXES)
    _index(connection, tables, "_dlt_loads", _LOADS_INDEXES)


def _index(connection: psycopg.Connection, tables: RawTables, table: str, statements: Mapping[str, str]) -> None:
    for suffix, statement in statements.items():
        name, relation = Identifier(f"{table}_{suffix}"), Identifier(tables.dataset, table)
        connection.execute(SQL(statement).format(name=name, table=relation))
