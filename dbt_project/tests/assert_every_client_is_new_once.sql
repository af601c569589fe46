-- A returned row is a shop whose new clients, over all days, are not the customers who ever came.
{{ config(meta={'dagster': {'ref': {'name': 'integration_analytics'}}}) }}

with analytics as (
    select * from {{ ref('integration_analytics') }}
    where period_type = 'daily'
),

clients as (
    select * from {{ ref('int_clients__summarised') }}
    where first_visited_on is not null
),

counted as (
    select
        integration_id,
        sum(external_new_clients) as new_clients
    from analytics
    group by integration_id
    having sum(external_new_clients) > 0
),

came as (
    select
        integration_id,
        count(*) as new_clients
    from clients
    group by integration_id
),

different as (
    (
        select * from counted
        except
        select * from came
    )
    union all
    (
        select * from came
        except
        select * from counted
    )
)

select * from different
