{{ config(materialized='view') }}

{%- set raw_status = deciding_status('appointments.status', 'bookings.status') %}

select
    appointments.*,
    bookings.booking_id,
    bookings.customer_id as client_id,
    {{ full_name('bookings.customer_first_name', 'bookings.customer_last_name') }} as client_name,
    {{ present('bookings.customer_email') }} as client_email,
    {{ seats('bookings.additional_persons') }} as seats,
    case
        when bookings.number > 1 then appointments.appointment_id || ':' || bookings.booking_id
        else appointments.appointment_id
    end as external_id,
    {{ raw_status }} as raw_status,
    {{ canonical_status(raw_status) }} as canonical_status
from {{ ref('int_appointments__latest') }} as appointments
-- Counted per appointment: a window over the whole view would read all of it for one.
left join lateral (
    select
        entries.*,
        count(*) over () as number
    from json_to_recordset(appointments.bookings) as entries (
        booking_id text,
        status text,
        additional_persons bigint,
        customer_id text,
        customer_first_name text,
        customer_last_name text,
        customer_email text
    )
) as bookings on true
where not appointments.is_gone
