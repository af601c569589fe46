select
    -- ids
    versions.external_id::text as appointment_id,
    versions.integration_id::text as integration_id,
    versions.barbershop_id::text as barbershop_id,
    versions._dlt_load_id::text as load_id,

    -- version
    versions.op::text as op,
    versions.origin::text as origin,
    versions.row_hash::text as row_hash,
    versions.observed_at,
    loads.inserted_at as loaded_at,

    -- text
    versions.status::text as status,
    versions.note::text as note,
    versions.service_id::text as service_id,
    versions.service_name::text as service_name,
    versions.location_id::text as location_id,
    versions.location_name::text as location_name,
    versions.employee_id::text as employee_id,
    versions.employee_name::text as employee_name,
    versions.service_category::text as service_category,
    versions.cancel_reason::text as cancel_reason,
    versions.booking_uuid::text as booking_uuid,

    -- money
    versions.price,

    -- json
    versions.bookings,

    -- timestamps
    versions.starts_at,
    versions.ends_at,
    versions.booked_at,

    -- whole record
    versions.payload
from {{ source('trafft', 'appointments') }} as versions
inner join {{ completed_loads() }} as loads
    on versions._dlt_load_id = loads.load_id
