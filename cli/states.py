"""How a shop is, in the exact words that owners and operators read; pure, so that a table of cases can test them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.control.records import Integration, SyncOperation
from ingestion.trafft import errors

OVERDUE = timedelta(hours=26)
"""A full sync runs every night, so a shop without a success for longer than that has missed one."""

_NEEDS_YOU = {
    "AuthenticationFailed": "token rejected",
    "FeatureNotEnabled": "Trafft's plan has no API",
    "InsecureUrl": "the base URL is not safe to send credentials to",
    "RedirectRefused": "the base URL sends us elsewhere",
    "NotConnected": "no credentials are stored",
    "UnknownKey": "the key that sealed the credentials is missing",
    "BrokenSeal": "the stored credentials cannot be opened",
}


def state_of(
    integration: Integration,
    operations: Sequence[SyncOperation],
    now: datetime,
    *,
    resting_until: datetime | None = None,
) -> str:
    """Say how a shop is. `operations` are its syncs, newest first; imported files and accepted deletions say nothing.

    `resting_until` is when a shop that kept failing is tried again, None for one whose account is not left alone.
    """
    operations = [one for one in operations if one.sync_type not in ("csv", "deletions")]
    if integration.status == "disconnected":
        return "disconnected"
    if not operations:
        return _before(integration, now)
    latest = operations[0]
    if latest.status in ("pending", "in_progress"):
        return _syncing(latest, operations[1:])
    if latest.status == "failed":
        again = f"; next try {_local(resting_until, integration.timezone, now)}" if resting_until else ""
        return f"{_failed(latest.errors)}{again}"
    when = _local(latest.completed_at or latest.created_at, integration.timezone, now)
    if now - (latest.completed_at or latest.created_at) > OVERDUE:
        return f"not synced since {when}"
    if latest.status == "partial":
        return f"synced in part as of {when}: {', '.join(_gaps(latest.summary))}"
    return f"up to date as of {when}"


def _before(integration: Integration, now: datetime) -> str:
    """Say what is known of a shop whose latest operations are none of its syncs, or that has none at all."""
    if integration.last_sync_at is None:
        return "not synced yet"
    return f"last synced {_local(integration.last_sync_at, integration.timezone, now)}"


def _syncing(latest: SyncOperation, earlier: Sequence[SyncOperation]) -> str:
    """Name the size of the last whole reading: Trafft tells the totals list by list, while it is being read."""
    whole = next((one.records_processed for one in earlier if one.status in ("success", "partial")), 0)
    if whole >= latest.records_processed and whole:
        return f"syncing {latest.records_processed:,} of {whole:,}"
    return f"syncing {latest.records_processed:,}"


def _failed(problems: Sequence[Mapping[str, Any]]) -> str:
    problem = problems[-1] if problems else {}
    name, message = str(problem.get("error", "")), str(problem.get("message", ""))
    if name == "Abandoned":
        return "interrupted: the next sync carries on"
    if name in _NEEDS_YOU:
        return f"needs you: {_NEEDS_YOU[name]}"
    kind = getattr(errors, name, None)
    first_sentence = message.partition(". ")[0].partition(" (")[0]
    if isinstance(kind, type) and issubclass(kind, errors.PermanentError):
        return f"needs you: {first_sentence}"
    if isinstance(kind, type) and issubclass(kind, errors.TransientError):
        return f"delayed: {first_sentence}"
    return f"failed: {name}: {first_sentence}".rstrip(": ")


def _gaps(summary: Mapping[str, Any]) -> Iterator[str]:
    resources: Mapping[str, Mapping[str, Any]] = summary.get("resources", {})
    for name, counts in resources.items():
        if counts.get("quarantined"):
            yield f"{counts['quarantined']:,} {name} unreadable"
        if not counts.get("complete", True):
            yield f"{name} not read whole"


def _local(moment: datetime, timezone: str, now: datetime) -> str:
    """Write the moment on the shop's own clock, with the date unless it is the shop's today."""
    zone = ZoneInfo(timezone)
    local = moment.astimezone(zone)
    form = "%H:%M" if local.date() == now.astimezone(zone).date() else "%Y-%m-%d %H:%M"
    return f"{local:{form}} ({timezone})"
