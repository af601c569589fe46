{{ config(
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'external_id'],
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['integration_id', 'external_id'], 'unique': true}
    ]
) }}

{%- set observed = ref('int_bookings__observed') %}
{%- set completed = is_completed('bookings.status', 'bookings.ends_at') %}

with services as not materialized (
    select * from {{ ref('int_services__latest') }}
),

bookings as not materialized (
    select * from {{ ref('int_bookings__priced') }}
),

touched as (
    select
        integration_id,
        service_id
    from services
    {% if is_incremental() %}
    where arrived_at > {{ newest('service_arrived_at') }}
    union
    select
        integration_id,
        service_id
    from ({{ touched_bookings('bookings', observed) }}) as touched_bookings
    {% endif %}
),

-- One look-up a service: the cost follows what was touched, not what is stored.
summarised as (
    select
        touched.integration_id,
        touched.service_id,
        sums.*
    from touched
    cross join lateral (
        select
            count(*) filter (where bookings.status <> 'cancelled')::integer as booking_count,
            {{ total('bookings.price', where=completed) }} as total_revenue
        from bookings
        where
            bookings.integration_id = touched.integration_id
            and bookings.service_id = touched.service_id
    ) as sums
),

described as (
    select
        {{ deterministic_id(['services.integration_id', 'services.service_id']) }} as id,
        services.integration_id,
        services.barbershop_id,
        services.service_id as external_id,
        services.payload::jsonb as external_data,
        services.name,
        null::text as description,
        services.duration_minutes,
        {{ money('services.price') }} as price,
        null::text as category,
        not services.is_gone as is_active,
        summarised.booking_count,
        summarised.total_revenue,
        null::numeric(3, 2) as avg_rating,
        services.loaded_at as last_synced_at,
        services.row_hash as sync_hash,
        services.first_observed_at as created_at,
        services.last_observed_at as updated_at,
        services.arrived_at as service_arrived_at,
        (select max(bookings.refreshed_at) from bookings) as bookings_refreshed_at,
        {{ as_of() }} as as_of
    from summarised
    inner join services
        on
            summarised.integration_id = services.integration_id
            and summarised.service_id = services.service_id
)

select * from described
