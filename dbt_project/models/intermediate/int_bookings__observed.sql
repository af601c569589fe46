{{ config(materialized='view') }}

select
    versions.integration_id,
    versions.appointment_id,
    versions.service_id,
    versions.employee_id,
    versions.starts_at,
    bookings.customer_id as client_id
from {{ ref('stg_trafft__appointments') }} as versions
left join lateral json_to_recordset(versions.bookings) as bookings (customer_id text) on true
where versions.op = 'seen'
