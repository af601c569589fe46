{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[{'columns': ['load_id'], 'unique': true}, {'columns': ['arrived_at']}]
) }}

{%- set overlap = "interval '" ~ var('load_overlap_hours', 24) ~ " hours'" %}

with loads as (
    select * from {{ ref('stg_trafft__loads') }}
),

arrived as (
    select
        loads.load_id,
        loads.loaded_at,
        {{ stamp('arrived_at') }} as arrived_at
    from loads
    {% if is_incremental() %}
    left join {{ this }} as known on loads.load_id = known.load_id
    where
        known.load_id is null
        and loads.loaded_at > {{ newest('loaded_at') }} - {{ overlap }}
    {% endif %}
)

select * from arrived
