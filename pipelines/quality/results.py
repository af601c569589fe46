"""Turns a verdict of a suite into what the Dagster UI shows: counts, failing ids, and how grave it is."""

from collections.abc import Mapping

from dagster import AssetCheckKey, AssetCheckResult, AssetCheckSeverity, MetadataValue, TableRecord
from dagster._core.definitions.metadata import RawMetadataValue

from pipelines.quality.runner import SAMPLE_ROWS, Finding, Verdict


def as_check_result(
    verdict: Verdict, check: AssetCheckKey, *, rows: int, metadata: Mapping[str, RawMetadataValue]
) -> AssetCheckResult:
    """Return the check's result; a failed critical expectation makes it an error, which a blocking check passes on."""
    failures = verdict.failures
    return AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=not failures,
        severity=AssetCheckSeverity.ERROR if verdict.is_critical else AssetCheckSeverity.WARN,
        description="; ".join(_sentence(finding) for finding in failures) or f"{rows:,} rows, all as expected.",
        metadata={
            "rows": rows,
            "expectations": len(verdict.findings),
            "failed": len(failures),
            "seconds": round(verdict.seconds, 3),
            **(_failure_metadata(failures) if failures else {}),
            **metadata,
        },
    )


def _subject(finding: Finding) -> str:
    return str(finding.expectation.kwargs.get("column", finding.expectation.type))


def _sentence(finding: Finding) -> str:
    return f"{_subject(finding)}: {finding.unexpected:,} rows. {finding.expectation.because}"


def _failure_metadata(failures: list[Finding]) -> dict[str, RawMetadataValue]:
    found = [
        TableRecord(
            {
                "column": _subject(finding),
                "expectation": finding.expectation.type,
                "severity": finding.expectation.severity,
                "rows": finding.unexpected,
                "because": finding.expectation.because,
            }
        )
        for finding in failures
    ]
    sample = [TableRecord({"column": _subject(finding), **row}) for finding in failures for row in finding.sample]
    return {
        "failures": MetadataValue.table(found),
        # Ids only: names and addresses of people have no place in Dagster's event log.
        **({"failing_rows": MetadataValue.table(sample[:SAMPLE_ROWS])} if sample else {}),
    }
