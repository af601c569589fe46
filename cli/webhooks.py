"""How the shops' webhooks fare: what waits, what nobody could use, and how long the rest took to the marts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True)
class WebhookState:
    """One shop's webhooks: those that wait now, and those received in the last day. Seconds are None without any."""

    integration_id: str
    waiting: int
    received: int
    unmatched: int
    unreadable: int
    p50_seconds: float | None
    p95_seconds: float | None

    def document(self) -> dict[str, Any]:
        """Return the state as `sixfb status --json` shows it."""
        return {
            "waiting": self.waiting,
            "receivedLastDay": self.received,
            "unmatchedLastDay": self.unmatched,
            "unreadableLastDay": self.unreadable,
            "p50SecondsToMarts": self.p50_seconds,
            "p95SecondsToMarts": self.p95_seconds,
        }


def shown(document: Mapping[str, Any] | None) -> str:
    """Say in a few words what `WebhookState.document` says, for a table."""
    if document is None:
        return "-"
    parts = [f"{document['waiting']} wait"] if document["waiting"] else []
    if document["unmatchedLastDay"]:
        parts.append(f"{document['unmatchedLastDay']} unmatched")
    if document["p95SecondsToMarts"] is not None:
        parts.append(f"in {document['p50SecondsToMarts']:.0f} s, 95 % in {document['p95SecondsToMarts']:.0f} s")
    return ", ".join(parts) or "-"


def webhook_states(connection: Connection) -> dict[str, WebhookState]:
    """Return the state of each shop that has webhooks waiting or had some in the last day, by its integration's id."""
    with connection.cursor(row_factory=class_row(WebhookState)) as cursor:
        states = cursor.execute(
            "select integration_id::text, count(*) filter (where not processed) as waiting,"
            " count(*) filter (where is_young) as received,"
            " count(*) filter (where is_young and outcome = 'unmatched') as unmatched,"
            " count(*) filter (where is_young and outcome = 'unreadable') as unreadable,"
            " round(percentile_cont(0.5) within group (order by seconds)::numeric, 1)::float as p50_seconds,"
            " round(percentile_cont(0.95) within group (order by seconds)::numeric, 1)::float as p95_seconds"
            " from (select *, received_at > now() - interval '1 day' as is_young,"
            " extract(epoch from shown_at - received_at) as seconds from control.webhook_events"
            " where not processed or received_at > now() - interval '1 day') as event group by integration_id"
        ).fetchall()
    return {state.integration_id: state for state in states}
