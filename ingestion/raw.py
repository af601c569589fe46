"""Reads the version log: what is known of one integration. Only loads that dlt completed count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from ingestion.versions import QUARANTINE, Origin

LIVE_IDS_PER_FETCH = 10_000
"""Keeps the reader of a million ids at a few megabytes; larger fetches were no faster."""

_LATEST = SQL("""
    select wanted.external_id, latest.row_hash, latest.op
    from unnest(%(external_ids)s::text[]) as wanted (external_id)
    cross join lateral (
        select versions.row_hash, versions.op
        from {table} as versions
        where versions.integration_id = %(integration_id)s
            and versions.external_id = wanted.external_id
            and versions.origin = %(origin)s
            and exists (
                select from {loads} as loads where loads.load_id = versions._dlt_load_id and loads.status = 0
            )
        order by versions.observed_at desc, versions._dlt_load_id desc
        limit 1
    ) as latest
""")
# What only a webhook has told of is to be missed like anything else, and what it tells of after a tombstone lives until
# the sweeps have missed it anew. A file is not: somebody imported it because the API does not show it, and what the
# API never showed cannot be missed there.
_LIVE = SQL("""
    select external_id
    from (
        select distinct on (versions.external_id) versions.external_id, versions.op
        from {table} as versions
        inner join {loads} as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
        where versions.integration_id = %(integration_id)s and versions.origin <> 'csv'
        order by versions.external_id, versions.observed_at desc, versions._dlt_load_id desc
    ) as latest
    where op = 'seen'
""")
_UNSEEN = SQL("""
    select wanted.external_id
    from unnest(%(external_ids)s::text[]) as wanted (external_id)
    cross join lateral (
        select versions.op, versions.observed_at
        from {table} as versions
        inner join {loads} as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
        where versions.integration_id = %(integration_id)s and versions.external_id = wanted.external_id
        order by versions.observed_at desc, versions._dlt_load_id desc
        limit 1
    ) as latest
    where latest.op = 'seen' and latest.observed_at < %(since)s
    order by wanted.external_id
""")
_DIGESTS = SQL("""
    with latest as (
        select distinct on (versions.external_id)
            versions.external_id, versions.row_hash, versions.op, {moment} as moment
        from {table} as versions
        inner join {loads} as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
        where versions.integration_id = %(integration_id)s and versions.origin = 'api'
        order by versions.external_id, versions.observed_at desc, versions._dlt_load_id desc
    )

    select
        coalesce(((moment at time zone %(zone)s)::date)::text, 'all') as day,
        count(*) as records,
        encode(
            sha256(
                convert_to(
                    string_agg(external_id || ':' || row_hash, E'\\n' order by external_id collate "C"), 'UTF8'
                )
            ),
            'hex'
        ) as digest
    from latest
    where op = 'seen'
    group by day
    order by day
""")
_LATE_FINDS = SQL("""
    select count(distinct found.external_id)
    from {table} as found
    where
        found.integration_id = %(integration_id)s
        and found.sync_id = %(sync_id)s
        and found.origin = 'api'
        and found.op = 'seen'
        and found.booked_at < %(before)s
        and not exists (
            select from {table} as earlier
            inner join {loads} as loads on loads.load_id = earlier._dlt_load_id and loads.status = 0
            where
                earlier.integration_id = found.integration_id
                and earlier.external_id = found.external_id
                and earlier.origin = 'api'
                and earlier.sync_id <> found.sync_id
        )
        -- One that could not be read before was found in time, and put aside.
        and not exists (
            select from {quarantine} as refused
            where
                refused.integration_id = found.integration_id
                and refused.resource = %(resource)s
                and refused.external_id = found.external_id
        )
""")
_QUARANTINED = SQL("""
    select versions.row_hash
    from {table} as versions
    inner join {loads} as loads on loads.load_id = versions._dlt_load_id and loads.status = 0
    where versions.integration_id = %(integration_id)s and versions.row_hash = any(%(row_hashes)s)
""")


@dataclass(frozen=True)
class VersionLog:
    """The rows of one integration in a raw dataset, read over a connection that is not inside a transaction."""

    connection: Connection
    dataset: str
    integration_id: str

    def latest(
        self, resource: str, external_ids: Sequence[str], *, origin: Origin = "api"
    ) -> Mapping[str, tuple[str, str]]:
        """Return id → (row_hash, op) of the latest version of that origin, for those of the ids that are known.

        One index look-up an id, so that memory and time follow the batch, not the shop's whole history.
        """
        parameters = {
            "integration_id": self.integration_id,
            "external_ids": list(external_ids),
            "origin": origin,
        }
        rows = self.connection.execute(self._query(_LATEST, resource), parameters)
        return {external_id: (row_hash, op) for external_id, row_hash, op in rows}

    def live_ids(self, resource: str) -> Iterator[str]:
        """Yield the ids whose latest version is not a tombstone, from a server-side cursor."""
        with self.connection.transaction(), self.connection.cursor(name="live_ids") as cursor:
            cursor.itersize = LIVE_IDS_PER_FETCH
            cursor.execute(self._query(_LIVE, resource), {"integration_id": self.integration_id})
            for (external_id,) in cursor:
                yield external_id

    def unseen_since(self, resource: str, external_ids: Sequence[str], since: datetime) -> list[str]:
        """Return those of the ids that are live and got no version, of whatever origin, since that moment."""
        parameters = {"integration_id": self.integration_id, "external_ids": list(external_ids), "since": since}
        return [external_id for (external_id,) in self.connection.execute(self._query(_UNSEEN, resource), parameters)]

    def digests(self, resource: str, *, day_of: str | None, zone: str) -> dict[str, dict[str, Any]]:
        """Return local day → {records, digest} of the live API versions, by the column `day_of`; else one entry "all".

        The digest is the SHA-256, in hex, of the lines `external_id:row_hash`, sorted by the bytes of the id and joined
        by newlines. `zone` is the IANA name of the shop's time zone.
        """
        moment = Identifier("versions", day_of) if day_of else SQL("null::timestamptz")
        query = _DIGESTS.format(
            table=Identifier(self.dataset, resource), loads=Identifier(self.dataset, "_dlt_loads"), moment=moment
        )
        rows = self.connection.execute(query, {"integration_id": self.integration_id, "zone": zone})
        return {day: {"records": records, "digest": digest} for day, records, digest in rows}

    def late_finds(self, resource: str, *, sync_id: str, before: datetime) -> int:
        """Return how many records this sync was the first to show, although they were booked before that moment."""
        parameters = {
            "integration_id": self.integration_id,
            "sync_id": sync_id,
            "before": before,
            "resource": resource,
        }
        row = self.connection.execute(self._query(_LATE_FINDS, resource), parameters).fetchone()
        return row[0] if row else 0

    def quarantined(self, row_hashes: Sequence[str]) -> set[str]:
        """Return those of the hashes that already stand in the quarantine."""
        parameters = {"integration_id": self.integration_id, "row_hashes": list(row_hashes)}
        return {
            row_hash for (row_hash,) in self.connection.execute(self._query(_QUARANTINED, "quarantine"), parameters)
        }

    def _query(self, template: SQL, table: str) -> Composed:
        names = {"table": table, "loads": "_dlt_loads", "quarantine": QUARANTINE}
        return template.format(**{name: Identifier(self.dataset, each) for name, each in names.items()})
