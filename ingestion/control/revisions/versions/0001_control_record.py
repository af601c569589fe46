"""The control record: shops, their integrations, syncs, webhook events, and what a sweep missed."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    create table control.barbershops (
        id uuid primary key default gen_random_uuid(),
        name text not null check (btrim(name) <> ''),
        timezone text not null check (timezone <> ''),
        currency text not null check (currency ~ '^[A-Z]{3}$'),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
    )
    """,
    # `provider` has no list of values: which booking systems exist is the code's registry, and a new one must not
    # need a migration. (id, barbershop_id) is unique so that the tables below cannot mix two shops' rows.
    """
    create table control.integrations (
        id uuid primary key default gen_random_uuid(),
        barbershop_id uuid not null references control.barbershops (id),
        provider text not null check (provider ~ '^[a-z][a-z0-9_]*$'),
        name text not null check (btrim(name) <> ''),
        description text,
        status text not null default 'pending' check (status in ('pending', 'active', 'error', 'disconnected')),
        base_url text not null check (base_url ~ '^https?://[^/]' and base_url !~ '/$'),
        credentials jsonb,
        webhook_url text,
        webhook_secret text,
        sync_settings jsonb not null default
            '{"syncInterval": "1h", "autoSync": true,
              "syncTypes": ["appointments", "customers", "services", "employees"]}',
        feature_flags jsonb not null default
            '{"appointments": true, "customers": true, "services": true, "employees": true, "analytics": true}',
        authenticated_at timestamptz,
        last_sync_at timestamptz,
        last_error text,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        unique (barbershop_id, provider),
        unique (id, barbershop_id)
    )
    """,
    "create index integrations_base_url on control.integrations (base_url)",
    """
    create table control.sync_operations (
        id uuid primary key default gen_random_uuid(),
        integration_id uuid not null,
        barbershop_id uuid not null,
        sync_type text not null check (sync_type ~ '^[a-z][a-z_]*$'),
        status text not null default 'pending'
            check (status in ('pending', 'in_progress', 'success', 'failed', 'partial')),
        date_from timestamptz,
        date_to timestamptz,
        records_processed integer not null default 0 check (records_processed >= 0),
        records_success integer not null default 0 check (records_success >= 0),
        records_failed integer not null default 0 check (records_failed >= 0),
        summary jsonb not null default '{}',
        errors jsonb not null default '[]' check (jsonb_typeof(errors) = 'array'),
        run_id text,
        started_at timestamptz,
        completed_at timestamptz,
        duration_seconds numeric generated always as (extract(epoch from completed_at - started_at)) stored,
        created_at timestamptz not null default now(),
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id),
        check ((completed_at is not null) = (status in ('success', 'failed', 'partial'))),
        check ((started_at is not null) or (status = 'pending'))
    )
    """,
    "create index sync_operations_history on control.sync_operations (integration_id, created_at desc)",
    "create index sync_operations_run on control.sync_operations (run_id) where run_id is not null",
    # The advisory lock keeps a second writer out; this makes a lapse of it an error instead of a mixture.
    """
    create unique index sync_operations_one_at_a_time
    on control.sync_operations (integration_id) where status = 'in_progress'
    """,
    """
    create table control.webhook_events (
        id uuid primary key default gen_random_uuid(),
        integration_id uuid not null,
        barbershop_id uuid not null,
        event_type text not null check (event_type <> ''),
        event_id text not null check (event_id <> ''),
        payload jsonb not null,
        headers jsonb not null default '{}',
        processed boolean not null default false,
        processed_at timestamptz,
        processing_error text,
        response_status integer,
        response_data jsonb,
        received_at timestamptz not null default now(),
        unique (integration_id, event_id),
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id),
        check (processed or processed_at is null)
    )
    """,
    "create index webhook_events_waiting on control.webhook_events (received_at) where not processed",
    """
    create table control.sweep_misses (
        integration_id uuid not null,
        barbershop_id uuid not null,
        resource text not null,
        external_id text not null,
        first_missed_sync_id uuid not null,
        first_missed_at timestamptz not null default now(),
        primary key (integration_id, resource, external_id),
        foreign key (integration_id, barbershop_id) references control.integrations (id, barbershop_id)
    )
    """,
)


def upgrade() -> None:
    """Create the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: data written since would be lost."""
    raise NotImplementedError("Migrations go forward only. To go back, restore a backup made before the update.")
