select
    -- ids
    versions.external_id::text as employee_id,
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
    versions.first_name::text as first_name,
    versions.last_name::text as last_name,
    versions.email::text as email,
    versions.phone_number::text as phone_number,
    versions.phone_country_code::text as phone_country_code,
    versions.timezone::text as timezone,

    -- whole record
    versions.payload
from {{ source('trafft', 'employees') }} as versions
inner join {{ completed_loads() }} as loads
    on versions._dlt_load_id = loads.load_id
