"""Turns ingestion errors into Dagster's failures: what went wrong, what to do, and whether to try again."""

from collections.abc import Mapping

from dagster import Failure, MetadataValue, TableRecord

from ingestion.control.circuits import CircuitOpen
from ingestion.control.integrations import NotConnected, UnknownIntegration
from ingestion.control.vault import VaultError
from ingestion.trafft.errors import PermanentError

PERMANENT = (PermanentError, VaultError, NotConnected, UnknownIntegration, CircuitOpen)


def is_permanent(error: Exception) -> bool:
    """Tell whether trying again is of no use until somebody changes something; an error we do not know may pass."""
    return isinstance(error, PERMANENT)


def as_failure(failures: Mapping[str, Exception], *, of: int) -> Failure:
    """Return one failure for all shops of a run that failed; worth a retry unless every one of them is permanent."""
    rows = [
        TableRecord(
            {
                "shop": shop,
                "error": type(error).__name__,
                "message": str(error),
                "advice": _advice(error),
                "permanent": is_permanent(error),
            }
        )
        for shop, error in failures.items()
    ]
    reasons = "; ".join(f"{shop}: {type(error).__name__}: {error}" for shop, error in failures.items())
    return Failure(
        description=f"{len(failures)} of {of} shops failed. {reasons}",
        metadata={
            "failed_shops": MetadataValue.table(rows),
            "error_classes": ", ".join(sorted({type(error).__name__ for error in failures.values()})),
        },
        allow_retries=not all(map(is_permanent, failures.values())),
    )


def _advice(error: Exception) -> str:
    return getattr(error, "advice", "") or "The step's log holds the whole error."
