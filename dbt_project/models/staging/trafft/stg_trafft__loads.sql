select
    load_id::text as load_id,
    inserted_at as loaded_at
from {{ source('trafft', '_dlt_loads') }}
where status = 0
