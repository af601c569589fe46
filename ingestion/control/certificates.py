"""Certificates of completeness: for each list that a sync set out to read whole, what it went through and what that
proves. One row a sync and list, written once its rows are safely loaded (docs/decisions/0010)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ingestion.control.records import Integration, SyncOperation
from ingestion.reading import Evidence

CertificateVerdict = Literal["complete", "incomplete"]

_STORE = """
    insert into control.sync_certificates (
        sync_id, integration_id, barbershop_id, resource, verdict, reason, started_at,
        total_first, total_last, passes, pages, ids_seen, duplicates, rows_shifted, unreadable,
        missing, gone, repaired, day_digests
    )
    values (
        %(sync_id)s, %(integration_id)s, %(barbershop_id)s, %(resource)s, %(verdict)s, %(reason)s, %(started_at)s,
        %(total_first)s, %(total_last)s, %(passes)s, %(pages)s, %(ids_seen)s, %(duplicates)s, %(rows_shifted)s,
        %(unreadable)s, %(missing)s, %(gone)s, %(repaired)s, %(day_digests)s
    )
    on conflict (sync_id, resource) do nothing
"""
# Only shops that are synced by themselves: of the others nothing new can be expected. A list that a shop does not have
# gets no certificate, and so is not among them either.
_LATEST = """
    select
        integration.id as integration_id,
        integration.name as shop,
        latest.verdict,
        latest.reason,
        latest.started_at,
        latest.ids_seen,
        latest.passes,
        latest.rows_shifted,
        latest.missing,
        latest.gone,
        latest.repaired
    from control.integrations as integration
    cross join lateral (
        select *
        from control.sync_certificates as certificate
        where certificate.integration_id = integration.id and certificate.resource = %(resource)s
        order by certificate.started_at desc
        limit 1
    ) as latest
    where
        integration.provider = %(provider)s
        and integration.status <> 'disconnected'
        and coalesce(integration.sync_settings ->> 'autoSync', 'true') <> 'false'
    order by integration.name, integration.id
"""


@dataclass(frozen=True)
class Certificate:
    """What one sync proves of one list. Without a `reason` against it, it is complete.

    `missing` are known records that the list did not show, `gone` those of them that got a tombstone. `repaired` are
    records that earlier syncs should have found and did not. `day_digests` is local day (or "all") → records, digest.
    """

    resource: str
    evidence: Evidence
    reason: str | None
    missing: int = 0
    gone: int = 0
    repaired: int = 0
    day_digests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def verdict(self) -> CertificateVerdict:
        """Return the verdict as the table has it."""
        return "incomplete" if self.reason else "complete"


@dataclass(frozen=True)
class LatestCertificate:
    """The last certificate of one list of one shop, as the asset check shows it; `started_at` is aware UTC."""

    integration_id: str
    shop: str
    verdict: CertificateVerdict
    reason: str | None
    started_at: datetime
    ids_seen: int
    passes: int
    rows_shifted: int
    missing: int
    gone: int
    repaired: int


def store(connection: Connection, integration: Integration, operation: SyncOperation, certificate: Certificate) -> None:
    """Write a certificate; one that this sync has written already stays."""
    connection.execute(
        _STORE,
        {
            **asdict(certificate.evidence),
            "sync_id": operation.id,
            "integration_id": integration.id,
            "barbershop_id": integration.barbershop_id,
            "resource": certificate.resource,
            "verdict": certificate.verdict,
            "reason": certificate.reason,
            "started_at": operation.started_at,
            "missing": certificate.missing,
            "gone": certificate.gone,
            "repaired": certificate.repaired,
            "day_digests": Jsonb(dict(certificate.day_digests)),
        },
    )


def latest_certificates(connection: Connection, provider: str, resource: str) -> list[LatestCertificate]:
    """Return the last certificate of this list for each shop that is synced by itself, by the shop's name."""
    with connection.cursor(row_factory=class_row(LatestCertificate)) as cursor:
        return cursor.execute(_LATEST, {"provider": provider, "resource": resource}).fetchall()
