"""When each shop was last synced, in each way: what the cadences ask before they start a sync."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

# A sync that was given up for dead, or that failed of something of ours (a full disk, a restart of the database, an
# interrupt), has not done its work, so it is none; one that the account failed has, and its circuit decides from there.
# `created_at` is when the row was written, just before `started_at`, and has the index; a shop's own rows since then
# are a few dozen.
_QUERY = """
    select
        integration.id,
        exists (
            select from control.sync_operations as whole
            where
                whole.integration_id = integration.id
                and whole.sync_type = 'full'
                and whole.status in ('success', 'partial')
        ) as was_read_whole,
        latest.sync_type,
        latest.started_at,
        latest.run_id,
        latest.status = 'in_progress' as is_running
    from control.integrations as integration
    left join lateral (
        select distinct on (operation.sync_type)
            operation.sync_type,
            operation.started_at,
            operation.run_id,
            operation.status
        from control.sync_operations as operation
        where
            operation.integration_id = integration.id
            and operation.created_at >= %(since)s
            and operation.started_at is not null
            and not (
                operation.status = 'failed'
                and (operation.errors @> '[{"error": "Abandoned"}]' or operation.errors @> '[{"blame": "ours"}]')
            )
        order by operation.sync_type asc, operation.started_at desc
    ) as latest on true
"""


@dataclass(frozen=True)
class LastStart:
    """The latest sync of one type. `started_at` is aware UTC; `run_id` the orchestrator's run, None from a shell."""

    sync_type: str
    started_at: datetime
    run_id: str | None
    is_running: bool
    """As its row says; when its run is over all the same, its process died."""


@dataclass(frozen=True)
class ShopHistory:
    """What was started for one shop; `was_read_whole` says whether a full sync of it ever came to its end."""

    starts: tuple[LastStart, ...] = ()
    was_read_whole: bool = False


def last_starts(connection: Connection, *, since: datetime) -> Mapping[str, ShopHistory]:
    """Return for each integration's id what was started from `since` (aware) on, the latest of each type."""
    starts: dict[str, list[LastStart]] = {}
    whole: dict[str, bool] = {}
    for integration_id, was_read_whole, *start in connection.execute(_QUERY, {"since": since}).fetchall():
        whole[integration_id] = was_read_whole
        starts.setdefault(integration_id, [])
        if start[0] is not None:
            starts[integration_id].append(LastStart(*start))
    return {key: ShopHistory(tuple(found), whole[key]) for key, found in starts.items()}
