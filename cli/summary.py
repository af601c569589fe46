"""The figures that the demo shows, by plain SQL over the marts and the control record.

All figures of a shop are for its whole past. Revenue, visits and new clients are additive, so they are sums over the
monthly rows. `returning` is not: it counts the clients who were served on at least two of the shop's local days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from ingestion.control.records import Integration

_MONEY = Decimal("0.01")

_TOTALS = """
    with months as (
        select
            sum(external_appointments) as appointments,
            sum(external_revenue) as revenue,
            sum(external_visits) as visits,
            sum(external_new_clients) as new_clients,
            max(as_of) as as_of
        from analytics.integration_analytics
        where integration_id = %(integration)s and period_type = 'monthly'
    ),

    served as (
        select bookings.client_id
        from analytics.external_appointments as bookings
        cross join months
        where
            bookings.integration_id = %(integration)s
            and bookings.status = 'confirmed'
            and bookings.ends_at <= months.as_of
            and not bookings.is_pseudo_client
        group by bookings.client_id
        having count(distinct bookings.scheduled_on) > 1
    )

    select
        coalesce(months.appointments, 0)::integer as appointments,
        (
            select count(*)::integer
            from analytics.external_customers
            where integration_id = %(integration)s and is_active
        ) as customers,
        coalesce(months.revenue, 0) as revenue,
        coalesce(months.visits, 0)::integer as visits,
        coalesce(months.new_clients, 0)::integer as new_clients,
        (select count(*)::integer from served) as returning_clients,
        months.as_of
    from months
"""

_MARTS = "select to_regclass('analytics.integration_analytics') is not null"

_OPERATION = """
    select status, coalesce(summary -> 'resources', '{}'), errors
    from control.sync_operations
    where integration_id = %s and run_id = %s
    order by created_at desc
    limit 1
"""


@dataclass(frozen=True)
class Totals:
    """What a shop's bookings add up to, as of the moment that the marts were built for."""

    appointments: int
    customers: int
    revenue: Decimal
    visits: int
    new_clients: int
    returning_clients: int
    as_of: datetime | None

    @property
    def average_ticket(self) -> Decimal | None:
        """Revenue a visit; None before the first visit."""
        return (self.revenue / self.visits).quantize(_MONEY) if self.visits else None


NO_TOTALS = Totals(0, 0, Decimal(), 0, 0, 0, as_of=None)
"""What a shop adds up to while there are no marts: their first build failed."""


@dataclass(frozen=True)
class SyncSummary:
    """What became of a shop's sync. `resources` is list → counts, `errors` are sentences."""

    status: str
    resources: Mapping[str, Mapping[str, Any]]
    errors: Sequence[str]

    @property
    def is_complete(self) -> bool:
        """Whether every list was proven to be read whole and every record could be read."""
        return self.status == "success" and all(count["complete"] for count in self.resources.values())


@dataclass(frozen=True)
class ShopSummary:
    """One shop: what the sync did, and what the marts say."""

    shop: Integration
    sync: SyncSummary
    totals: Totals


def summarise(connection: Connection, shops: Sequence[Integration], run_id: str) -> list[ShopSummary]:
    """Return the summary of each shop after the sync that `run_id` was."""
    has_marts = connection.execute(_MARTS).fetchone() == (True,)
    return [
        ShopSummary(shop, _sync(connection, shop, run_id), _totals(connection, shop) if has_marts else NO_TOTALS)
        for shop in shops
    ]


def _totals(connection: Connection, shop: Integration) -> Totals:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_TOTALS, {"integration": shop.id}).fetchall()[0]
    return Totals(**row)


def _sync(connection: Connection, shop: Integration, run_id: str) -> SyncSummary:
    row = connection.execute(_OPERATION, (shop.id, run_id)).fetchone()
    if row is None:
        return SyncSummary("not synced", {}, ["The run ended before it came to this shop."])
    status, resources, errors = row
    return SyncSummary(status, resources, [str(error.get("message", error)) for error in errors])
