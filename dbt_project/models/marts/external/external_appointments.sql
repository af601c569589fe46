{{ config(
    unique_key=['integration_id', 'appointment_id'],
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['integration_id', 'external_id'], 'unique': true},
        {'columns': ['integration_id', 'appointment_id']},
        {'columns': ['integration_id', 'client_id']},
        {'columns': ['integration_id', 'scheduled_at']},
        {'columns': ['bookings_refreshed_at']},
        {'columns': ['customer_arrived_at']}
    ]
) }}

{%- set name = full_name('customers.first_name', 'customers.last_name') %}

with bookings as not materialized (
    select * from {{ ref('int_bookings__priced') }}
),

appointments as (
    select * from {{ ref('int_appointments__latest') }}
),

witnessed as not materialized (
    select * from {{ ref('int_appointments__witnessed') }}
),

customers as not materialized (
    select * from {{ ref('int_customers__latest') }}
),

touched as (
    select
        integration_id,
        appointment_id
    from bookings
    {% if is_incremental() %}
    where refreshed_at > {{ newest('bookings_refreshed_at') }}
    union
    -- Bookings of a client whose name, e-mail or phone may have changed.
    select
        built.integration_id,
        built.appointment_id
    from {{ this }} as built
    inner join customers
        on
            built.integration_id = customers.integration_id
            and built.client_id = customers.customer_id
    where customers.arrived_at > {{ newest('customer_arrived_at') }}
    {% else %}
    where is_live
    group by integration_id, appointment_id
    {% endif %}
),

described as (
    select
        {{ deterministic_id(['bookings.integration_id', 'bookings.external_id']) }} as id,
        touched.integration_id,
        bookings.barbershop_id,
        bookings.external_id,
        appointments.payload::jsonb as external_data,
        touched.appointment_id,
        bookings.booking_id,
        bookings.client_id,
        coalesce({{ name }}, bookings.client_name) as client_name,
        coalesce({{ present('customers.email') }}, bookings.client_email) as client_email,
        coalesce({{ present('customers.phone_number') }}, bookings.client_phone) as client_phone,
        bookings.is_pseudo_client,
        bookings.employee_id,
        bookings.employee_name,
        bookings.service_id,
        bookings.service_name,
        {{ present('witnessed.service_category') }} as service_category,
        bookings.location_id,
        bookings.location_name,
        bookings.scheduled_at,
        bookings.ends_at,
        bookings.timezone,
        bookings.scheduled_on,
        bookings.booked_at,
        bookings.duration_minutes,
        bookings.seats,
        bookings.price,
        bookings.currency,
        bookings.price_source,
        bookings.status,
        bookings.raw_status,
        case
            when bookings.status = 'cancelled' then {{ present('witnessed.cancel_reason') }}
        end as cancel_reason,
        witnessed.booking_uuid,
        appointments.origin,
        appointments.loaded_at as last_synced_at,
        appointments.row_hash as sync_hash,
        appointments.first_observed_at as created_at,
        appointments.last_observed_at as updated_at,
        bookings.refreshed_at as bookings_refreshed_at,
        customers.arrived_at as customer_arrived_at
    from touched
    left join bookings
        on
            touched.integration_id = bookings.integration_id
            and touched.appointment_id = bookings.appointment_id
            and bookings.is_live
    left join appointments
        on
            touched.integration_id = appointments.integration_id
            and touched.appointment_id = appointments.appointment_id
    left join witnessed
        on
            touched.integration_id = witnessed.integration_id
            and touched.appointment_id = witnessed.appointment_id
    left join customers
        on
            bookings.integration_id = customers.integration_id
            and bookings.client_id = customers.customer_id
)

select * from described
