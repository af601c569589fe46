"""Whether the marts follow what was synced, and if not, what stops them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from cli.checks import Failure, count_checks
from pipelines.arrivals import waiting_since

PATIENCE = timedelta(minutes=5)
"""A load is asked for within half a minute and taken in within one; five leave room for a large first sync."""

_LATEST_RUN = "select run_id, status from dagster.runs where pipeline_name = 'analytics' order by id desc limit 1"


@dataclass(frozen=True)
class MartsState:
    """`waiting_since` (aware UTC) is when the oldest load came that no build has taken in; None when all are in."""

    waiting_since: datetime | None
    run_id: str | None = None
    run_status: str | None = None
    failures: tuple[Failure, ...] = ()

    @property
    def run_failed(self) -> bool:
        """Whether the latest analytics run did not do what it should."""
        return self.run_status == "FAILURE"

    def trouble(self, now: datetime) -> str | None:
        """Say in one sentence what is wrong, or None when the marts show what was synced, or are about to."""
        is_late = self.waiting_since is not None and now - self.waiting_since > PATIENCE
        if not is_late and not self.run_failed:
            return None
        since = f" since {self.waiting_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.waiting_since else ""
        behind = f"The marts are behind{since}" if self.waiting_since else "The marts are up to date"
        if not self.run_failed:
            return f"{behind}: no analytics run has taken in what was synced. `sixfb up` does it while it runs."
        checks = [failure for failure in self.failures if failure.severity == "error"]
        which = f" ({', '.join(f'{each.asset}: {each.check}' for each in checks)})" if checks else ""
        return f"{behind}: the latest analytics run failed{which}. Open run {self.run_id} in the Dagster UI."

    def document(self) -> dict[str, Any]:
        """Return the state as `sixfb status --json` shows it."""
        return {
            "waitingSince": self.waiting_since,
            "lastRunId": self.run_id,
            "lastRunStatus": self.run_status,
            "failedChecks": [
                {"asset": each.asset, "check": each.check, "severity": each.severity} for each in self.failures
            ],
        }


def marts_state(connection: Connection) -> MartsState:
    """Look at what has landed and at the latest analytics run."""
    waiting = waiting_since(connection)
    has_runs = connection.execute("select to_regclass('dagster.runs') is not null").fetchone() == (True,)
    run = connection.execute(_LATEST_RUN).fetchone() if has_runs else None
    if run is None:
        return MartsState(waiting)
    run_id, status = run
    failures = count_checks(connection, [run_id]).failures if status == "FAILURE" else ()
    return MartsState(waiting, run_id, status, failures)
