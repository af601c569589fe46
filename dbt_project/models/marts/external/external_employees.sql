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

with employees as not materialized (
    select * from {{ ref('int_employees__latest') }}
),

bookings as not materialized (
    select * from {{ ref('int_bookings__priced') }}
),

touched as (
    select
        integration_id,
        employee_id
    from employees
    {% if is_incremental() %}
    where arrived_at > {{ newest('employee_arrived_at') }}
    union
    select
        integration_id,
        employee_id
    from ({{ touched_bookings('bookings', observed) }}) as touched_bookings
    {% endif %}
),

-- One look-up a employee: the cost follows what was touched, not what is stored.
summarised as (
    select
        touched.integration_id,
        touched.employee_id,
        sums.*
    from touched
    cross join lateral (
        select
            count(*) filter (where bookings.status <> 'cancelled')::integer as total_appointments,
            {{ total('bookings.price', where=completed) }} as total_revenue
        from bookings
        where
            bookings.integration_id = touched.integration_id
            and bookings.employee_id = touched.employee_id
    ) as sums
),

described as (
    select
        {{ deterministic_id(['employees.integration_id', 'employees.employee_id']) }} as id,
        employees.integration_id,
        employees.barbershop_id,
        employees.employee_id as external_id,
        employees.payload::jsonb as external_data,
        {{ present('employees.first_name') }} as first_name,
        {{ present('employees.last_name') }} as last_name,
        {{ present('employees.email') }} as email,
        {{ present('employees.phone_number') }} as phone,
        employees.timezone,
        null::jsonb as schedule,
        null::text[] as specialties,
        not employees.is_gone as is_active,
        summarised.total_appointments,
        summarised.total_revenue,
        null::numeric(3, 2) as avg_rating,
        employees.loaded_at as last_synced_at,
        employees.row_hash as sync_hash,
        employees.first_observed_at as created_at,
        employees.last_observed_at as updated_at,
        employees.arrived_at as employee_arrived_at,
        (select max(bookings.refreshed_at) from bookings) as bookings_refreshed_at,
        {{ as_of() }} as as_of
    from summarised
    inner join employees
        on
            summarised.integration_id = employees.integration_id
            and summarised.employee_id = employees.employee_id
)

select * from described
