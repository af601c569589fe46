{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'employee_id'],
    indexes=[
        {'columns': ['integration_id', 'employee_id'], 'unique': true},
        {'columns': ['arrived_at']}
    ]
) }}

with latest as (
    {{ latest_versions(
        versions=ref('stg_trafft__employees'),
        key='employee_id',
        attributes=[
            'first_name', 'last_name', 'email', 'phone_number', 'timezone'
        ]
    ) }}
)

select * from latest
