-- A returned row is a shop where more than 5 % of at least 20 bookings carry a status that
-- macros/booking_status.sql does not know: Trafft has a new word, or the account another language.
{{ config(severity='warn') }}

with bookings as (
    select * from {{ ref('external_appointments') }}
),

counted as (
    select
        integration_id,
        count(*) as bookings,
        count(*) filter (where status = 'unknown') as unknown,
        array_agg(distinct raw_status) filter (where status = 'unknown') as words
    from bookings
    group by integration_id
)

select * from counted
where bookings >= 20 and unknown > 0.05 * bookings
