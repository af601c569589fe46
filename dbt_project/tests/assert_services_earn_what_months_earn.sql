-- A returned row is a shop whose services, over all time, have not earned what its months have.
{{ config(meta={'dagster': {'ref': {'name': 'integration_analytics'}}}) }}

with services as (
    select * from {{ ref('external_services') }}
),

months as (
    select * from {{ ref('integration_analytics') }}
    where period_type = 'monthly'
),

by_service as (
    select
        integration_id,
        sum(total_revenue) as revenue
    from services
    group by integration_id
    having sum(total_revenue) > 0
),

by_month as (
    select
        integration_id,
        sum(external_revenue) as revenue
    from months
    group by integration_id
    having sum(external_revenue) > 0
),

different as (
    (
        select * from by_service
        except
        select * from by_month
    )
    union all
    (
        select * from by_month
        except
        select * from by_service
    )
)

select * from different
