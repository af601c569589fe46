"""Which records of one list this sync's other records refer to: customers, as new appointments name them."""

from collections.abc import Sequence

import orjson

from ingestion.raw import VersionLog
from ingestion.versions import Batch

CUSTOMERS = "customers"


class CustomerReferences:
    """Takes in what a sync appends, and tells which customers in it the version log does not know."""

    def __init__(self, log: VersionLog) -> None:
        self._log = log
        self._ids: set[str] = set()

    def note(self, batch: Batch) -> None:
        """Take in a table; those without bookings refer to nobody."""
        if "bookings" not in batch.rows.column_names:
            return
        for bookings in batch.rows.column("bookings").to_pylist():
            for booking in orjson.loads(bookings) if bookings else ():
                if booking.get("customer_id"):
                    self._ids.add(booking["customer_id"])

    def add(self, external_ids: Sequence[str]) -> None:
        """Take in ids that something else referred to."""
        self._ids.update(external_ids)

    def unknown(self) -> list[str]:
        """Return the ids of which the log holds no version of the API, not even that they are gone."""
        ids = sorted(self._ids)
        known = self._log.latest(CUSTOMERS, ids) if ids else {}
        return [external_id for external_id in ids if external_id not in known]
