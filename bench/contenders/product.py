"""The product's own code from the decoded page to the version log, as `ingestion.sync` runs it for one list."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.account import Account, Records
from bench.appointments import TIMEZONE
from bench.contenders.order import Order
from bench.contenders.work import answer
from bench.errors import BenchmarkFailed
from ingestion.control.database import connect
from ingestion.loading import RawLoader, RawTables
from ingestion.raw import VersionLog
from ingestion.reading import Outcome
from ingestion.records import ShopContext
from ingestion.sweep import ResourceSweep
from ingestion.systems import SYSTEMS
from ingestion.trafft.models import APPOINTMENTS
from ingestion.trafft.scan import Scan
from ingestion.versions import Observation, Observer, Stamp

MOST_PAGES = 20_000
"""A scan's pages overlap: of 100 records, 87 are new."""
INTEGRATION_ID = "6f1b0f5e-0000-4000-8000-000000000001"
STAMP = Stamp("6f1b0f5e-0000-4000-8000-000000000002", INTEGRATION_ID, "6f1b0f5e-0000-4000-8000-000000000003")


class _WholeList:
    """What `ingestion.trafft.whole.WholeList` is for the sync, with room for the pages of a million records."""

    def __init__(self, account: Account) -> None:
        self._scan = Scan(account, APPOINTMENTS.name, max_pages=MOST_PAGES)

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        for page in self._scan:
            yield [Observation(record, page.requested_at) for record in page.records]

    @property
    def outcome(self) -> Outcome:
        """Return what the finished scan proves."""
        report = self._scan.report
        if report is None:
            raise BenchmarkFailed("The list was not read to its end, so nothing can be said of it.")
        return Outcome(is_sweep=True, is_complete=report.complete, seen_ids=report.seen_ids, note=report.reason)


def sync(order: Order, records: Records) -> dict[str, Any]:
    """Sync the whole list into the version log."""
    trafft = SYSTEMS["trafft"]
    tables = RawTables(trafft.name, trafft.resources)
    loader = RawLoader(order.url, tables, INTEGRATION_ID.replace("-", ""), Path(order.work_dir))
    loader.drain()
    with connect(order.url, autocommit=True) as connection:
        log = VersionLog(connection, tables.dataset, INTEGRATION_ID)
        sweep = ResourceSweep(
            observer=Observer(APPOINTMENTS, ShopContext(ZoneInfo(TIMEZONE)), STAMP, log),
            reading=_WholeList(Account(records)),
            log=log,
            missed_since=lambda _resource: {},
            on_progress=lambda _resource, _counts: None,
        )
        report = loader.load(sweep.batches())
    return {
        "seconds": report.seconds,
        "loads": len(report.load_ids),
        "counts": asdict(sweep.counts),
        "is_complete": bool(sweep.outcome and sweep.outcome.is_complete),
    }


if __name__ == "__main__":
    answer(sync)
