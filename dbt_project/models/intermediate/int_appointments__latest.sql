{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'appointment_id'],
    indexes=[
        {'columns': ['integration_id', 'appointment_id'], 'unique': true},
        {'columns': ['arrived_at']}
    ]
) }}

with latest as (
    {{ latest_versions(
        versions=ref('stg_trafft__appointments'),
        key='appointment_id',
        attributes=[
            'status', 'note', 'service_id', 'service_name', 'location_id',
            'location_name', 'employee_id', 'employee_name', 'bookings', 'starts_at',
            'ends_at', 'booked_at'
        ],
        origins=['api', 'webhook', 'csv']
    ) }}
)

select * from latest
