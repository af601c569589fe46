"""Whether each shop's list was lately proven to be read whole, from the certificates that syncs leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dagster import AssetCheckKey, AssetCheckResult, AssetCheckSeverity, MetadataValue, TableRecord

from ingestion.control.certificates import LatestCertificate

MOST_AGE = timedelta(hours=26)
"""A full sync runs every night, and may take two hours more than yesterday's."""


def check_completeness(
    check: AssetCheckKey, certificates: Sequence[LatestCertificate], *, now: datetime
) -> AssetCheckResult:
    """Return the check of one list over all shops: a warning when any shop's last certificate is incomplete or old."""
    troubles = {each.integration_id: trouble for each in certificates if (trouble := trouble_with(each, now))}
    named = [
        f"{each.shop}: {troubles[each.integration_id]}" for each in certificates if each.integration_id in troubles
    ]
    rows = [
        TableRecord(
            {
                "shop": each.shop,
                "integration_id": each.integration_id,
                "verdict": each.verdict,
                "trouble": troubles.get(each.integration_id, ""),
                "hours_ago": round((now - each.started_at) / timedelta(hours=1), 1),
                "records": each.ids_seen,
                "passes": each.passes,
                "rows_shifted": each.rows_shifted,
                "missing": each.missing,
                "gone": each.gone,
                "repaired": each.repaired,
            }
        )
        # Those that need a look come first: the UI shows the beginning of a long table.
        for each in sorted(certificates, key=lambda each: (each.integration_id not in troubles, each.shop))
    ]
    return AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=not troubles,
        severity=AssetCheckSeverity.WARN,
        description="; ".join(named) or f"{len(certificates)} shops, each list proven to be read whole.",
        metadata={
            "shops": len(certificates),
            "not_proven": len(troubles),
            **({"certificates": MetadataValue.table(rows)} if rows else {}),
        },
    )


def trouble_with(certificate: LatestCertificate, now: datetime) -> str | None:
    """Say why a shop's list needs a look, or None when it does not."""
    if certificate.verdict == "incomplete":
        return f"not proven to be read whole: {certificate.reason}"
    if certificate.repaired:
        return f"{certificate.repaired} records were found that earlier syncs should have found"
    if now - certificate.started_at > MOST_AGE:
        return f"last read whole at {certificate.started_at:%Y-%m-%d %H:%M} UTC"
    return None
