"""A version log for one invented integration: what the tests of reading and writing it share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.control.database import connect
from ingestion.loading import RawLoader, RawTables
from ingestion.raw import VersionLog
from ingestion.records import Resource, ShopContext
from ingestion.systems import TRAFFT
from ingestion.versions import Batch, Counts, Observation, Observer, Stamp

TABLES = RawTables(TRAFFT.name, TRAFFT.resources)
BARBERSHOP_ID = "0c1de2f7-6f0e-4d0a-8a38-1e7a0d6f4a11"
INTEGRATION_ID = "5f6cfb2e-6a5b-4f3e-9b0a-0f2f3f9d7c01"
FIRST_LOOK = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class RawLog:
    """One integration's log, with a clock that moves a minute for each look at the booking system."""

    url: str
    work_dir: Path
    log: VersionLog
    integration_id: str = INTEGRATION_ID
    looks: int = 0

    def observer(self, resource: Resource) -> Observer:
        stamp = Stamp(BARBERSHOP_ID, self.integration_id, f"sync-{self.looks}")
        return Observer(resource, ShopContext(ZoneInfo("America/New_York")), stamp, self.log)

    def loader(self) -> RawLoader:
        return RawLoader(self.url, TABLES, writer="test", work_dir=self.work_dir)

    def look(self, resource: Resource, records: Sequence[Any]) -> Counts:
        """Observe these records now, and load what they add."""
        observer = self.observer(resource)
        self.loader().load(self.batches(observer, records))
        return observer.counts

    def batches(self, observer: Observer, records: Sequence[Any]) -> Iterator[Batch]:
        self.looks += 1
        observed_at = FIRST_LOOK + timedelta(minutes=self.looks)
        yield from observer.batches([Observation(record, observed_at) for record in records])

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.log.connection.execute(
            f"select {columns} from raw_trafft.{table} where integration_id = %s order by observed_at, external_id",
            (self.integration_id,),
        ).fetchall()


@contextmanager
def open_raw_log(url: str, work_dir: Path, integration_id: str = INTEGRATION_ID) -> Iterator[RawLog]:
    """Open the log of one integration in a migrated database."""
    with connect(url, autocommit=True) as connection:
        yield RawLog(url, work_dir, VersionLog(connection, TABLES.dataset, integration_id), integration_id)
