"""Telling how far running syncs are, from what they write into the control record."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from cli.progress import Progress
from ingestion.control.database import connect
from ingestion.control.records import Integration

_RUNNING = """
    select distinct on (integration_id) integration_id, status, records_processed
    from control.sync_operations
    where integration_id = any(%s) and created_at >= %s
    order by integration_id, created_at desc
"""


class Follower:
    """Watches the syncs of some shops that begin from now on; use it as a context manager."""

    def __init__(self, url: str, shops: Sequence[Integration], progress: Progress) -> None:
        self._url = url
        self._names = {shop.id: shop.name for shop in shops}
        self._progress = progress
        self._told: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._connection = connect(self._url, autocommit=True)
        row = self._connection.execute("select clock_timestamp()").fetchone()
        self._begun = row and row[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def look(self) -> None:
        """Tell what has changed since the last look: each shop's end as a line, its way there in passing."""
        rows = self._connection.execute(_RUNNING, (list(self._names), self._begun)).fetchall()
        for integration_id, status, processed in rows:
            name = self._names[str(integration_id)]
            if status == "in_progress":
                self._progress.update(f"Syncing {name}: {processed:,} records")
            elif self._told.get(name) != status:
                self._told[name] = status
                self._progress.say(f"{name}: {processed:,} records read ({status})")
                if len(self._told) == len(self._names):
                    self._progress.update("Transforming and checking")
