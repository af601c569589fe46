{{ config(materialized='view') }}

select distinct on (integration_id, appointment_id)
    integration_id,
    barbershop_id,
    appointment_id,
    last_received_at as told_at,
    {{ canonical_status('status') }} as status,
    {{ present('status') }} as raw_status,
    {{ present('service_name') }} as service_name,
    {{ present('service_category') }} as service_category,
    {{ present('employee_name') }} as employee_name,
    {{ present('customer_name') }} as client_name,
    {{ present('customer_email') }} as client_email,
    {{ present('customer_phone') }} as client_phone,
    {{ present('location_name') }} as location_name,
    {{ present('cancel_reason') }} as cancel_reason,
    {{ money('price') }} as price,
    starts_at,
    ends_at
from {{ ref('stg_control__webhooks') }}
where not is_settled
order by integration_id asc, appointment_id asc, last_received_at desc, event_number desc
