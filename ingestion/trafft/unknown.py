"""Customers of a long list, read one by one: only those that appointments refer to and the log does not know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingestion.reading import Outcome, Unknown
from ingestion.trafft.client import TrafftClient
from ingestion.trafft.errors import MethodNotAllowed, NotFound
from ingestion.trafft.whole import WholeList
from ingestion.versions import Observation

MOST_BY_ID = 300
"""A minute at the usual pace. More at once (a shop's import) is what the customers' own sync reads quicker, whole."""


class UnknownCustomers:
    """The customers that `unknown` names, each asked for by id; a list of up to `small_list` is read whole instead."""

    def __init__(self, client: TrafftClient, unknown: Unknown, *, small_list: int, page_size: int) -> None:
        self._client = client
        self._unknown = unknown
        self._small_list = small_list
        self._page_size = page_size
        self._whole: WholeList | None = None
        self._seen: set[str] = set()
        self._absent = 0
        self._left = 0

    def __iter__(self) -> Iterator[Sequence[Observation]]:
        ids = self._unknown()
        if not ids and not self._small_list:
            return
        first = self._client.page("customers", 1, limit=1)
        if self._small_list and (first.total is None or first.total <= self._small_list):
            self._whole = WholeList(self._client, "customers", is_sweep=False, page_size=self._page_size)
            yield from self._whole
            return
        self._left = max(len(ids) - MOST_BY_ID, 0)
        shape = first.records[0] if first.records else None
        for external_id in ids[:MOST_BY_ID]:
            yield from self._one(external_id, shape)

    @property
    def outcome(self) -> Outcome:
        """Return what was read; it proves nothing about what is missing."""
        if self._whole:
            return self._whole.outcome
        return Outcome(is_sweep=False, is_complete=True, seen_ids=self._seen, note="; ".join(self._notes()) or None)

    def _one(self, external_id: str, shape: Any) -> Iterator[Sequence[Observation]]:
        requested_at = self._client.now()
        try:
            record = self._client.record("customers", external_id)
        except (NotFound, MethodNotAllowed):
            self._absent += 1
        else:
            self._seen.add(external_id)
            yield [Observation(as_listed(record, shape), requested_at)]

    def _notes(self) -> Iterator[str]:
        if self._absent:
            yield f"{self._absent} customers of new appointments are not in Trafft any more"
        if self._left:
            yield f"{self._left} customers of new appointments are left to the customers' own sync"


def as_listed(record: Mapping[str, Any], shape: Any) -> Mapping[str, Any]:
    """Return the record as the list would show it: by its id, Trafft shows more (a birthday) than in the list.

    Kept as it is, it would be a version that the next reading of the list takes back.
    """
    if not isinstance(shape, dict):
        return record
    return {key: value for key, value in record.items() if key in shape}
