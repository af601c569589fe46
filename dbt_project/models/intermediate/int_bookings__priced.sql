{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'appointment_id'],
    indexes=[
        {'columns': ['integration_id', 'appointment_id', 'external_id'], 'unique': true},
        {'columns': ['integration_id', 'scheduled_on']},
        {'columns': ['integration_id', 'client_id']},
        {'columns': ['integration_id', 'service_id', 'priced_at', 'status', 'ends_at', 'price']},
        {'columns': ['integration_id', 'employee_id', 'status', 'ends_at', 'price']},
        {'columns': ['ends_at']},
        {'columns': ['refreshed_at']},
        {'columns': ['appointment_arrived_at']},
        {'columns': ['service_arrived_at']}
    ]
) }}

with appointments as not materialized (
    select * from {{ ref('int_appointments__latest') }}
),

bookings as not materialized (
    select * from {{ ref('int_bookings__exploded') }}
),

prices as not materialized (
    select * from {{ ref('int_services__versioned') }}
),

shops as (
    select * from {{ ref('int_integrations__localised') }}
),

touched as (
    select
        integration_id,
        appointment_id
    from appointments
    {% if is_incremental() %}
    where arrived_at > {{ newest('appointment_arrived_at') }}
    union
    -- A price that is new to us: bookings made since, and all older ones when it is the first.
    select
        built.integration_id,
        built.appointment_id
    from {{ this }} as built
    inner join prices
        on
            built.integration_id = prices.integration_id
            and built.service_id = prices.service_id
            and built.priced_at >= prices.applies_from
            and built.priced_at < prices.applies_until
    where prices.arrived_at > {{ newest('service_arrived_at') }}
    union
    -- A shop that changed its time zone or currency: all its bookings.
    select
        integration_id,
        appointment_id
    from {{ this }}
    where {{ of_moved_shops(ref('int_integrations__localised')) }}
    {% endif %}
),

localised as (
    select
        appointments.integration_id,
        appointments.barbershop_id,
        appointments.appointment_id,
        bookings.booking_id,
        coalesce(bookings.external_id, appointments.appointment_id) as external_id,
        bookings.external_id is not null as is_live,
        bookings.client_id,
        bookings.client_name,
        bookings.client_email,
        bookings.client_phone,
        {{ is_pseudo_client('bookings.client_id', 'bookings.client_name') }} as is_pseudo_client,
        bookings.employee_id,
        bookings.employee_name,
        bookings.service_id,
        bookings.service_name,
        bookings.location_id,
        bookings.location_name,
        bookings.starts_at as scheduled_at,
        bookings.ends_at,
        bookings.booked_at,
        coalesce(shops.timezone, 'UTC') as timezone,
        shops.currency,
        (bookings.starts_at at time zone coalesce(shops.timezone, 'UTC'))::date as scheduled_on,
        extract(hour from bookings.starts_at at time zone coalesce(shops.timezone, 'UTC'))::integer
            as scheduled_hour,
        {{ minutes_between('bookings.starts_at', 'bookings.ends_at') }} as duration_minutes,
        bookings.seats,
        {{ money('bookings.told_price') }} as told_price,
        bookings.told_by,
        bookings.canonical_status as status,
        bookings.raw_status,
        coalesce(bookings.booked_at, bookings.first_observed_at) as priced_at,
        appointments.first_observed_at,
        appointments.last_observed_at,
        appointments.arrived_at as appointment_arrived_at
    from touched
    inner join appointments
        on
            touched.integration_id = appointments.integration_id
            and touched.appointment_id = appointments.appointment_id
    left join bookings
        on
            touched.integration_id = bookings.integration_id
            and touched.appointment_id = bookings.appointment_id
    left join shops on touched.integration_id = shops.integration_id
),

priced as (
    select
        localised.*,
        -- All that one client has on one day in one place is one visit; a pseudo-client's are many.
        case
            when localised.is_pseudo_client then localised.external_id
            else concat_ws('|', localised.client_id, localised.scheduled_on, localised.location_id)
        end as visit_key,
        coalesce(localised.told_price, {{ money('prices.price * localised.seats') }}) as price,
        case
            when localised.told_price is not null then localised.told_by
            when {{ money('prices.price * localised.seats') }} is null then 'unknown'
            when localised.priced_at >= prices.known_from then 'service_at_booking'
            else 'service_first_known'
        end as price_source,
        prices.arrived_at as service_arrived_at,
        {{ stamp('refreshed_at') }} as refreshed_at
    from localised
    left join prices
        on
            localised.integration_id = prices.integration_id
            and localised.service_id = prices.service_id
            and localised.priced_at >= prices.applies_from
            and localised.priced_at < prices.applies_until
)

select * from priced
