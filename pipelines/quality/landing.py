"""The first seam: checks what landed in a raw table since it was last checked, and remembers how far it got."""

from datetime import UTC, datetime

from dagster import AssetCheckKey, AssetCheckResult, DagsterInstance, MetadataValue
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
from psycopg import Connection

from ingestion.control.database import sqlalchemy_url
from pipelines.quality.results import as_check_result
from pipelines.quality.runner import Verdict, validate
from pipelines.quality.suites import load_suite
from pipelines.quality.window import loads_since

CHECKED_UNTIL = "checked_until"
"""Metadata of a check's result: loads that completed until then need no second look."""

_NOTHING_LANDED = Verdict(findings=(), seconds=0.0)


def check_landing(
    connection: Connection, check: AssetCheckKey, instance: DagsterInstance, *, url: str
) -> AssetCheckResult:
    """Check what landed in the check's table since its last evaluation; costs one query when nothing did.

    A critical failure leaves the mark where it was, so the gate stays shut until the rows are mended.
    """
    dataset, table = check.asset_key.path
    since = _checked_until(instance, check)
    window = loads_since(connection, dataset, since)
    rows = window.count(connection, table)
    verdict = _NOTHING_LANDED
    if rows:
        suite = load_suite(f"raw_{table}")
        verdict = validate(suite, window.relation(connection, table), url=sqlalchemy_url(url))
    until = since if verdict.is_critical else window.until
    mark = {CHECKED_UNTIL: MetadataValue.timestamp(until)} if until else {}
    return as_check_result(verdict, check, rows=rows, metadata={"loads": len(window.load_ids), **mark})


def _checked_until(instance: DagsterInstance, check: AssetCheckKey) -> datetime | None:
    """Return the mark of the latest finished evaluation; this run's own is planned already, and has none."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        check, limit=1, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    evaluation = records[0].event and records[0].event.asset_check_evaluation if records else None
    mark = evaluation.metadata.get(CHECKED_UNTIL) if evaluation else None
    return datetime.fromtimestamp(float(str(mark.value)), tz=UTC) if mark else None
