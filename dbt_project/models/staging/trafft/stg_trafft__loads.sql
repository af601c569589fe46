select
    loads.load_id::text as load_id,
    loads.inserted_at as loaded_at
from {{ completed_loads() }} as loads
