{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'client_id'],
    indexes=[
        {'columns': ['integration_id', 'client_id'], 'unique': true},
        {'columns': ['integration_id', 'first_visited_on']},
        {'columns': ['bookings_refreshed_at']},
        {'columns': ['refreshed_at']},
        {'columns': ['as_of']}
    ]
) }}

{%- set observed = ref('int_bookings__observed') %}
{%- set completed = is_completed('bookings.status', 'bookings.ends_at') %}
{%- set taking_place = "bookings.status <> 'cancelled'" %}

with bookings as not materialized (
    select * from {{ ref('int_bookings__priced') }}
),

touched as (
    {% if is_incremental() %}
    select distinct
        integration_id,
        client_id
    from ({{ touched_bookings('bookings', observed) }}) as touched_bookings
    {% else %}
    select distinct
        integration_id,
        client_id
    from bookings
    {% endif %}
    where client_id is not null
),

-- One look-up a client: the cost follows what was touched, not what is stored.
summarised as (
    select
        touched.integration_id,
        touched.client_id,
        sums.*,
        (select max(bookings.refreshed_at) from bookings) as bookings_refreshed_at,
        {{ as_of() }} as as_of,
        {{ stamp('refreshed_at') }} as refreshed_at
    from touched
    cross join lateral (
        select
            count(*) filter (where {{ taking_place }})::integer as total_appointments,
            {{ total('bookings.price', where=completed) }} as total_spent,
            min(bookings.scheduled_at) filter (where {{ taking_place }}) as first_appointment_at,
            max(bookings.scheduled_at) filter (where {{ taking_place }}) as last_appointment_at,
            min(bookings.scheduled_on) filter (
                where {{ completed }} and not bookings.is_pseudo_client
            ) as first_visited_on
        from bookings
        where
            bookings.integration_id = touched.integration_id
            and bookings.client_id = touched.client_id
    ) as sums
)

select * from summarised
