select
    -- ids
    versions.external_id::text as service_id,
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

    -- numerics
    versions.price,
    versions.duration_minutes::integer as duration_minutes,
    versions.buffer_before_minutes::integer as buffer_before_minutes,
    versions.buffer_after_minutes::integer as buffer_after_minutes,

    -- whole record
    versions.payload
from {{ source('trafft', 'services') }} as versions
inner join {{ completed_loads() }} as loads
    on versions._dlt_load_id = loads.load_id
