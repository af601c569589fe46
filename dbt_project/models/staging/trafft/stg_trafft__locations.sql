select
    -- ids
    versions.external_id::text as location_id,
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
    versions.name::text as name,
    versions.address::text as address,
    versions.phone_number::text as phone_number,

    -- whole record
    versions.payload
from {{ source('trafft', 'locations') }} as versions
inner join {{ completed_loads() }} as loads
    on versions._dlt_load_id = loads.load_id
