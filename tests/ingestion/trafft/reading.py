"""Reads with the Trafft readers over the simulator, in process: what the tests of single readings share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.reading import Aim, Outcome, Unknown, nothing_unknown
from ingestion.trafft.capabilities import Capabilities
from ingestion.trafft.source import TrafftReader
from tests.ingestion.trafft.account import Account

UNSORTED = Capabilities(sorts={"start_time desc": False, "created_at desc": False})


@dataclass(frozen=True)
class Read:
    """What one reading showed: the records in the order they came, and its outcome."""

    records: Sequence[Any]
    outcome: Outcome
    requests: int

    @property
    def ids(self) -> list[str]:
        return [str(record["id"]) for record in self.records if isinstance(record, dict)]


def read(
    account: Account,
    resource: str,
    aim: Aim,
    *,
    since: datetime | None = None,
    unknown: Unknown = nothing_unknown,
    page_size: int = 25,
    capabilities: Capabilities | None = None,
) -> Read:
    zone = ZoneInfo(account.shop.timezone)
    reader = TrafftReader(account.client, zone, page_size=page_size, capabilities=capabilities)
    before = account.client.stats.requests
    reading = reader.read(resource, aim, since=since, unknown=unknown)
    records = [observation.record for page in reading for observation in page]
    return Read(records, reading.outcome, account.client.stats.requests - before)
