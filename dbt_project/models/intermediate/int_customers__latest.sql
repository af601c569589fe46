{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'customer_id'],
    indexes=[
        {'columns': ['integration_id', 'customer_id'], 'unique': true},
        {'columns': ['arrived_at']}
    ]
) }}

with latest as (
    {{ latest_versions(
        versions=ref('stg_trafft__customers'),
        key='customer_id',
        attributes=[
            'first_name', 'last_name', 'email', 'phone_number', 'phone_country_code',
            'birthday', 'gender'
        ],
        origins=['api', 'csv']
    ) }}
)

select * from latest
