"""Certificates of completeness, deletions kept aside, circuit breakers, and webhook events as typed rows."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    # One row for each list that a sync set out to read whole: what it went through, and whether that proves anything.
    """
    create table control.sync_certificates (
        id uuid primary key default gen_random_uuid(),
        sync_id uuid not null references control.sync_operations (id),
        integration_id uuid not null,
        barbershop_id uuid not null,
        resource text not null,
        verdict text not null check (verdict in ('complete', 'incomplete')),
        reason text,
        total_first integer,
        total_last integer,
        passes integer not null,
        pages integer not null,
        ids_seen integer not null,
        duplicates integer not null,
        rows_shifted integer not null,
        unreadable integer not null,
        missing integer not null default 0,
        gone integer not null default 0,
        repaired integer not null default 0,
        day_digests jsonb not null default '{}',
        started_at timestamptz not null,
        created_at timestamptz not null default now(),
        unique (sync_id, resource),
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id),
        check ((verdict = 'incomplete') = (reason is not null))
    )
    """,
    """
    create index sync_certificates_history
    on control.sync_certificates (integration_id, resource, started_at desc)
    """,
    # What a sweep found missing and nobody may believe until a person has said so.
    """
    create table control.held_deletions (
        id uuid primary key default gen_random_uuid(),
        sync_id uuid not null references control.sync_operations (id),
        integration_id uuid not null,
        barbershop_id uuid not null,
        resource text not null,
        external_ids text[] not null,
        missing integer not null,
        known integer not null,
        held_at timestamptz not null default now(),
        decision text check (decision in ('accepted', 'dismissed', 'superseded')),
        decided_at timestamptz,
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id),
        check ((decision is null) = (decided_at is null))
    )
    """,
    """
    create unique index held_deletions_open
    on control.held_deletions (integration_id, resource) where decision is null
    """,
    """
    create table control.circuits (
        integration_id uuid primary key,
        barbershop_id uuid not null,
        failures integer not null default 0 check (failures >= 0),
        times_opened integer not null default 0 check (times_opened >= 0),
        opened_at timestamptz,
        retry_at timestamptz,
        needs_owner boolean not null default false,
        error_class text,
        message text,
        advice text,
        updated_at timestamptz not null default now(),
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id),
        check ((opened_at is null) = (retry_at is null))
    )
    """,
    # Delivered again, an event is no second row but a second hint: it counts, and waits to be read once more.
    """
    alter table control.webhook_events
        add column number bigint generated always as identity,
        add column deliveries integer not null default 1 check (deliveries >= 1),
        add column last_received_at timestamptz not null default now(),
        add column outcome text
            check (outcome in ('applied', 'unmatched', 'unreadable', 'ignored')),
        add column attempts integer not null default 0 check (attempts >= 0),
        add column sync_id uuid references control.sync_operations (id),
        add column appointment_id text,
        add column customer_id text,
        add column shown_at timestamptz,
        add constraint webhook_events_number unique (number)
    """,
    """
    create table control.webhook_appointments (
        event_id uuid primary key references control.webhook_events (id) on delete cascade,
        integration_id uuid not null,
        barbershop_id uuid not null,
        received_at timestamptz not null,
        external_id text not null check (external_id <> ''),
        status text,
        starts_at timestamptz,
        ends_at timestamptz,
        price numeric(19, 4),
        booking_uuid text,
        service_name text,
        service_category text,
        employee_name text,
        employee_email text,
        employee_phone text,
        customer_name text,
        customer_first_name text,
        customer_last_name text,
        customer_email text,
        customer_phone text,
        location_name text,
        location_address text,
        cancel_reason text,
        extras jsonb,
        custom_fields jsonb,
        unreadable jsonb not null default '{}',
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id)
    )
    """,
    """
    create index webhook_appointments_appointment
    on control.webhook_appointments (integration_id, external_id, received_at desc)
    """,
    # What a sync may settle.
    """
    create index webhook_events_open
    on control.webhook_events (integration_id) where not processed or outcome = 'unmatched'
    """,
    # Which events the marts have to show still; few at any time.
    "create index webhook_events_unshown on control.webhook_events (processed_at) where shown_at is null",
    # Seconds from a stored event to the build that showed it; days are the shop's own.
    """
    create view control.webhook_latency with (security_invoker = true) as
    select
        event.integration_id,
        event.barbershop_id,
        (event.received_at at time zone shop.timezone)::date as received_on,
        count(*) as events,
        count(event.shown_at) as shown,
        percentile_cont(0.5) within group (order by extract(epoch from event.shown_at - event.received_at))
            as p50_seconds,
        percentile_cont(0.95) within group (order by extract(epoch from event.shown_at - event.received_at))
            as p95_seconds
    from control.webhook_events as event
    inner join control.barbershops as shop on shop.id = event.barbershop_id
    where event.appointment_id is not null
    group by event.integration_id, event.barbershop_id, received_on
    """,
)


def upgrade() -> None:
    """Create the tables and columns."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: data written since would be lost."""
    raise NotImplementedError("Migrations go forward only. To go back, restore a backup made before the update.")
