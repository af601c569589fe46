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
            'bookings', 'price', 'service_category', 'cancel_reason', 'booking_uuid'
        ],
        origins=['webhook', 'csv']
    ) }}
)

select * from latest
