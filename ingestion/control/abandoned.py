"""Closes the syncs of dead writers before their shops' next sync does it: nobody shall take them for running."""

from datetime import timedelta

from ingestion.control.database import connect
from ingestion.control.locks import integration_locks
from ingestion.control.sync_operations import close_abandoned

_YOUNG = timedelta(minutes=1)
"""A sync this young is left alone: looking takes its shop's lock for a moment, and would turn a newcomer away."""


def close_all_abandoned(url: str, *, older_than: timedelta = _YOUNG) -> list[str]:
    """Fail every sync in progress whose integration's lock is free, and return the integrations' ids.

    Who holds the lock is the only writer, so a sync in progress without one has died.
    """
    with connect(url, autocommit=True) as connection:
        in_progress = connection.execute(
            "select distinct integration_id from control.sync_operations"
            " where status = 'in_progress' and started_at < now() - %s",
            (older_than,),
        ).fetchall()
        if not in_progress:
            return []
        with integration_locks(url, [key for (key,) in in_progress]) as locks:
            return [key for key in sorted(locks.held) if close_abandoned(connection, key)]
