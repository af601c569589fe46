{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'service_id'],
    indexes=[
        {'columns': ['integration_id', 'service_id'], 'unique': true},
        {'columns': ['arrived_at']}
    ]
) }}

with latest as (
    {{ latest_versions(
        versions=ref('stg_trafft__services'),
        key='service_id',
        attributes=[
            'name', 'price', 'duration_minutes'
        ]
    ) }}
)

select * from latest
