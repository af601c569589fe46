"""Turns records as a booking system showed them into rows of the version log: fingerprint, change filter, quarantine.

A record seen before in the same form makes no row. One that cannot be read makes a quarantine row with the reason
and never stops its neighbours. Nothing here knows dlt or SQL: what is already known comes through `KnownVersions`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import orjson
import pyarrow as pa

from ingestion.records import Resource, ShopContext, Unreadable
from ingestion.shapes import Shape

Origin = Literal["api", "webhook", "csv"]
"""Who told of a version. Each origin has a history of its own: what one knows filters nothing of another."""

QUARANTINE = "quarantine"
RECORDS_PER_TABLE = 2_000
"""Bounds every Arrow table, and with it the row groups and COPY buffers it becomes: 4 MB for appointments."""
MOMENT = pa.timestamp("us", "UTC")
COMMON_COLUMNS: Mapping[str, pa.DataType] = {
    "barbershop_id": pa.string(),
    "integration_id": pa.string(),
    "external_id": pa.string(),
    "row_hash": pa.string(),
    "op": pa.string(),
    "origin": pa.string(),
    "observed_at": MOMENT,
    "sync_id": pa.string(),
}
QUARANTINE_COLUMNS: Mapping[str, pa.DataType] = {
    "barbershop_id": pa.string(),
    "integration_id": pa.string(),
    "resource": pa.string(),
    "external_id": pa.string(),
    "reason": pa.string(),
    "row_hash": pa.string(),
    "payload": pa.string(),
    "observed_at": MOMENT,
    "sync_id": pa.string(),
}


class Observation(NamedTuple):
    """One record as the booking system showed it; `observed_at` is when the request that returned it began (UTC)."""

    record: Any
    observed_at: datetime


class Batch(NamedTuple):
    """Rows for one table of the raw dataset."""

    table: str
    rows: pa.Table


@dataclass(frozen=True)
class Stamp:
    """Whose rows these are, which sync wrote them, and who said so; part of every row."""

    barbershop_id: str
    integration_id: str
    sync_id: str
    origin: Origin = "api"


@dataclass
class Counts:
    """What one sync saw of one resource, in records."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0


class KnownVersions(Protocol):
    """What the version log already holds of one integration."""

    def latest(self, resource: str, external_ids: Sequence[str], *, origin: Origin) -> Mapping[str, tuple[str, str]]:
        """Return id → (row_hash, op) of the latest loaded version of that origin, for those ids that have one."""

    def quarantined(self, row_hashes: Sequence[str]) -> set[str]:
        """Return those of the hashes that already stand in the quarantine."""


class _Fingerprint(NamedTuple):
    external_id: str
    row_hash: str
    payload: bytes
    record: Mapping[str, Any]
    observed_at: datetime


class _Version(NamedTuple):
    item: _Fingerprint
    is_new: bool
    values: tuple[Any, ...]


class _Refusal(NamedTuple):
    external_id: str | None
    payload: str
    reason: str
    observed_at: datetime


def table_schema(resource: Resource) -> pa.Schema:
    """Return the columns of a resource's raw table: the common ones, the promoted ones, the whole record."""
    return pa.schema({**COMMON_COLUMNS, **resource.columns, "payload": pa.string()})


def canonical(record: Mapping[str, Any]) -> tuple[bytes, Mapping[str, Any]]:
    """Return a record as JSON with sorted keys, and the record itself, both without NUL characters.

    Equal content gives equal bytes, however the server ordered it. NUL goes because PostgreSQL's text and jsonb
    cannot hold it. Raises `Unreadable` for text that is not valid Unicode (a lone surrogate) and numbers past 64 bits.
    """
    try:
        body = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Unreadable(f"cannot be written as JSON: {error}") from error
    if b"\\u0000" not in body:
        return body, record
    cleaned = _without_nul(record)
    return orjson.dumps(cleaned, option=orjson.OPT_SORT_KEYS), cleaned


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


@dataclass
class Observer:
    """Sorts the observations of one resource of one integration into new versions, quarantine, and nothing new."""

    resource: Resource
    context: ShopContext
    stamp: Stamp
    known: KnownVersions
    counts: Counts = field(default_factory=Counts)
    shape: Shape = field(default_factory=Shape)
    """Of what was new or changed, readable or not."""
    _changed: dict[str, str] = field(default_factory=dict)
    """Id → hash of the versions that this sync has put in a loaded one's place. A later page that shows the loaded one
    again is news then, though the log, which has not got this sync's rows yet, would call it known."""

    def batches(self, observations: Sequence[Observation]) -> Iterator[Batch]:
        """Yield the rows that these observations add to the log, in tables of bounded size."""
        for start in range(0, len(observations), RECORDS_PER_TABLE):
            yield from self._batches(observations[start : start + RECORDS_PER_TABLE])

    def _batches(self, observations: Sequence[Observation]) -> Iterator[Batch]:
        """Yield versions first, then quarantine."""
        self.counts.seen += len(observations)
        refusals: list[_Refusal] = []
        versions: list[_Version] = []
        for item, is_new in self._unknown(self._fingerprints(observations, refusals)):
            self.shape.note(item.record)
            try:
                versions.append(_Version(item, is_new, self.resource.parse(item.record, self.context)))
                if not is_new:
                    self._changed[item.external_id] = item.row_hash
            except Unreadable as error:
                refusals.append(_Refusal(item.external_id, item.payload.decode(), str(error), item.observed_at))
        if versions:
            yield Batch(self.resource.name, self._table(versions))
        if refusals:
            yield from self._quarantine(refusals)

    def gone(self, external_ids: Sequence[str], observed_at: datetime) -> Iterator[Batch]:
        """Yield tombstones: rows with op 'gone' and nulls, for records that two complete sweeps missed."""
        if not external_ids:
            return
        self.counts.gone += len(external_ids)
        size = len(external_ids)
        common = self._common(external_ids, [None] * size, [observed_at] * size, op="gone")
        nulls = [pa.nulls(size, kind) for kind in (*self.resource.columns.values(), pa.string())]
        yield Batch(self.resource.name, pa.Table.from_arrays([*common, *nulls], schema=table_schema(self.resource)))

    def _fingerprints(self, observations: Sequence[Observation], refusals: list[_Refusal]) -> dict[str, _Fingerprint]:
        """Return the last form of each id in this batch; records without one go to `refusals`."""
        readable: dict[str, _Fingerprint] = {}
        read_with = hashlib.sha256(self.resource.read_with(self.context).encode())
        for record, observed_at in observations:
            try:
                item = self._fingerprint(record, observed_at, read_with.copy())
            except Unreadable as error:
                refusals.append(_Refusal(None, _any_text(record), str(error), observed_at))
            else:
                readable[item.external_id] = item
        return readable

    def _fingerprint(self, record: Any, observed_at: datetime, digest: "hashlib._Hash") -> _Fingerprint:
        if not isinstance(record, dict):
            raise Unreadable(f"expected an object, got {type(record).__name__}")
        body, cleaned = canonical(record)
        external_id = self.resource.identify(cleaned)
        if external_id is None:
            raise Unreadable("id: missing")
        digest.update(body)
        return _Fingerprint(external_id, digest.hexdigest(), body, cleaned, observed_at)

    def _unknown(self, readable: Mapping[str, _Fingerprint]) -> Iterator[tuple[_Fingerprint, bool]]:
        """Yield what the log does not hold in this form, and whether it is new (or was gone) rather than changed."""
        known = self.known.latest(self.resource.name, list(readable), origin=self.stamp.origin) if readable else {}
        for external_id, item in readable.items():
            row_hash, op = known.get(external_id, (None, "gone"))
            row_hash = self._changed.get(external_id, row_hash)
            if op == "gone" or row_hash != item.row_hash:
                yield item, op == "gone"

    def _table(self, versions: Sequence[_Version]) -> pa.Table:
        items = [version.item for version in versions]
        new = sum(version.is_new for version in versions)
        self.counts.new += new
        self.counts.changed += len(items) - new
        common = self._common(
            [item.external_id for item in items],
            [item.row_hash for item in items],
            [item.observed_at for item in items],
            op="seen",
        )
        values = zip(*(version.values for version in versions), strict=True)
        promoted = [pa.array(column, kind) for column, kind in zip(values, self.resource.columns.values(), strict=True)]
        payload = pa.array([item.payload for item in items], pa.string())
        return pa.Table.from_arrays([*common, *promoted, payload], schema=table_schema(self.resource))

    def _common(
        self, external_ids: Sequence[str], hashes: Sequence[str | None], moments: Sequence[datetime], *, op: str
    ) -> list[pa.Array]:
        size = len(external_ids)
        return [
            pa.repeat(self.stamp.barbershop_id, size),
            pa.repeat(self.stamp.integration_id, size),
            pa.array(external_ids, pa.string()),
            pa.array(hashes, pa.string()),
            pa.repeat(op, size),
            pa.repeat(self.stamp.origin, size),
            pa.array(moments, MOMENT),
            pa.repeat(self.stamp.sync_id, size),
        ]

    def _quarantine(self, refusals: Sequence[_Refusal]) -> Iterator[Batch]:
        self.counts.quarantined += len(refusals)
        by_hash = {_quarantine_hash(self.resource.name, refusal): refusal for refusal in refusals}
        known = self.known.quarantined(list(by_hash))
        rows = [
            {
                "barbershop_id": self.stamp.barbershop_id,
                "integration_id": self.stamp.integration_id,
                "resource": self.resource.name,
                "external_id": refusal.external_id,
                "reason": refusal.reason,
                "row_hash": row_hash,
                "payload": refusal.payload,
                "observed_at": refusal.observed_at,
                "sync_id": self.stamp.sync_id,
            }
            for row_hash, refusal in by_hash.items()
            if row_hash not in known
        ]
        if rows:
            yield Batch(QUARANTINE, pa.Table.from_pylist(rows, schema=pa.schema(QUARANTINE_COLUMNS)))


def _quarantine_hash(resource: str, refusal: _Refusal) -> str:
    return hashlib.sha256(f"{resource}|{refusal.reason}|{refusal.payload}".encode()).hexdigest()


def _any_text(record: Any) -> str:
    """Return whatever came as ASCII JSON without NUL, so that even broken Unicode can be kept and looked at."""
    return json.dumps(record, default=str).replace("\\u0000", "")
