{{ config(materialized='view') }}

{%- set raw_status = deciding_status('appointments.status', 'bookings.status') %}

select
    appointments.*,
    bookings.booking_id,
    bookings.customer_id as client_id,
    {{ full_name('bookings.customer_first_name', 'bookings.customer_last_name') }} as client_name,
    {{ present('bookings.customer_email') }} as client_email,
    {{ present('bookings.customer_phone') }} as client_phone,
    {{ seats('bookings.additional_persons') }} as seats,
    coalesce(
        told.price,
        case
            when coalesce(bookings.number, 1) = 1 and coalesce(told.number, 1) = 1
                then witnessed.price
        end
    ) as told_price,
    witnessed.origin as told_by,
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
        customer_email text,
        customer_phone text
    )
) as bookings on true
left join {{ ref('int_appointments__witnessed') }} as witnessed
    on
        appointments.integration_id = witnessed.integration_id
        and appointments.appointment_id = witnessed.appointment_id
-- Which of the bookings that were told of this is: the only one, or the same client's, if only one.
left join lateral (
    select
        min(entries.price) as price,
        min(entries.number) as number
    from (
        select
            each_told.*,
            count(*) over () as number
        from json_to_recordset(witnessed.bookings) as each_told (
            booking_id text,
            customer_id text,
            customer_first_name text,
            customer_last_name text,
            customer_email text,
            price numeric
        )
    ) as entries
    where {{ is_told_of('bookings', 'entries') }}
    having count(*) = 1
) as told on true
-- A webhook's time may be unreadable; until the API tells it, the appointment belongs to no day.
where not appointments.is_gone and appointments.starts_at is not null
