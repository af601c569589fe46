-- A returned row is a day whose new and returning clients are not together the clients served.
{{ config(meta={'dagster': {'ref': {'name': 'integration_analytics'}}}) }}

with days as (
    select * from {{ ref('integration_analytics') }}
    where period_type = 'daily'
),

bookings as (
    select * from {{ ref('external_appointments') }}
    where status = 'confirmed' and not is_pseudo_client
),

served as (
    select
        days.id,
        days.external_new_clients + days.external_returning_clients as counted,
        count(distinct bookings.client_id) as clients
    from days
    left join bookings
        on
            days.integration_id = bookings.integration_id
            and days.date = bookings.scheduled_on
            and days.as_of >= bookings.ends_at
    group by days.id, days.external_new_clients, days.external_returning_clients
)

select * from served
where counted <> clients
