{{ config(
    unique_key=['integration_id', 'period_type', 'date'],
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['integration_id', 'period_type', 'date'], 'unique': true},
        {'columns': ['bookings_refreshed_at']},
        {'columns': ['as_of']}
    ]
) }}

{%- set shops = ref('int_integrations__localised') %}
{%- set observed = ref('int_bookings__observed') %}
{%- set completed = is_completed('bookings.status', 'bookings.ends_at') %}
{%- set taking_place = "bookings.status <> 'cancelled'" %}

with bookings as not materialized (
    select * from {{ ref('int_bookings__priced') }}
),

clients as (
    select * from {{ ref('int_clients__summarised') }}
),

touched as (
    {% if is_incremental() %}
    {{ touched_periods('bookings', observed, shops) }}
    {% else %}
    select distinct
        bookings.integration_id,
        periods.period_type,
        periods.date,
        periods.until
    from bookings
    cross join lateral ({{ periods_of('bookings.scheduled_on') }}) as periods
    where bookings.is_live
    {% endif %}
),

-- One look-up a period: the cost follows what was touched, not what is stored.
counted as (
    select
        touched.*,
        figures.*,
        (
            select count(*)::integer
            from clients
            where
                clients.integration_id = touched.integration_id
                and clients.first_visited_on >= touched.date
                and clients.first_visited_on < touched.until
        ) as new_clients
    from touched
    cross join lateral (
        select
            count(*)::integer as appointments,
            count(*) filter (where {{ completed }})::integer as completed,
            count(*) filter (where bookings.status = 'cancelled')::integer as cancelled,
            count(*) filter (where bookings.status = 'no_show')::integer as no_shows,
            count(distinct bookings.visit_key) filter (where {{ completed }})::integer as visits,
            count(*) filter (where {{ completed }} and bookings.price is null)::integer as unpriced,
            {{ total('bookings.price', where=completed) }} as revenue,
            count(distinct bookings.client_id) filter (
                where {{ completed }} and not bookings.is_pseudo_client
            )::integer as clients_served,
            array_agg(bookings.scheduled_hour) filter (where {{ taking_place }}) as hours,
            array_agg(bookings.service_id) filter (where {{ taking_place }}) as service_ids,
            array_agg(bookings.service_name) filter (where {{ taking_place }}) as service_names,
            array_agg(case when {{ completed }} then bookings.price end) filter (
                where {{ taking_place }}
            ) as earnings,
            min(bookings.barbershop_id::text)::uuid as barbershop_id,
            min(bookings.timezone) as timezone,
            min(bookings.currency) as currency,
            min(bookings.first_observed_at) as created_at,
            max(bookings.last_observed_at) as updated_at
        from bookings
        where
            bookings.integration_id = touched.integration_id
            and bookings.scheduled_on >= touched.date
            and bookings.scheduled_on < touched.until
    ) as figures
),

final as (
    select
        case
            when appointments > 0
                then {{ deterministic_id(['integration_id', 'period_type', 'date']) }}
        end as id,
        integration_id,
        barbershop_id,
        date,
        period_type,
        timezone,
        appointments as external_appointments,
        completed as external_completed,
        cancelled as external_cancelled,
        no_shows as external_no_shows,
        visits as external_visits,
        revenue as external_revenue,
        unpriced as external_unpriced,
        round(revenue / nullif(visits, 0), 3)::numeric(12, 3) as external_avg_ticket,
        currency,
        new_clients as external_new_clients,
        clients_served - new_clients as external_returning_clients,
        null::numeric(5, 2) as capacity_utilization,
        {{ peak_hours('hours') }} as peak_hours,
        {{ popular_services('service_ids', 'service_names', 'earnings') }} as popular_services,
        null::jsonb as ai_insights,
        null::jsonb as recommendations,
        null::jsonb as alerts,
        null::jsonb as growth_metrics,
        created_at,
        updated_at,
        (select max(bookings.refreshed_at) from bookings) as bookings_refreshed_at,
        {{ as_of() }} as as_of
    from counted
)

select * from final
