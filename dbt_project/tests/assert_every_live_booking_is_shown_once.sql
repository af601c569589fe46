-- A returned row is a booking that has a price row and is not shown, or the reverse.
{{ config(meta={'dagster': {'ref': {'name': 'external_appointments'}}}) }}

with bookings as (
    select
        integration_id,
        external_id
    from {{ ref('int_bookings__priced') }}
    where is_live
),

shown as (
    select
        integration_id,
        external_id
    from {{ ref('external_appointments') }}
),

different as (
    (
        select * from bookings
        except all
        select * from shown
    )
    union all
    (
        select * from shown
        except all
        select * from bookings
    )
)

select * from different
