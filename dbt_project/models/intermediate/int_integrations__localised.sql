{{ config(indexes=[{'columns': ['integration_id'], 'unique': true}]) }}

with integrations as (
    select * from {{ ref('stg_control__integrations') }}
),

-- A zone that PostgreSQL does not know would stop the dates of every shop: UTC stands in.
zones as (
    select name from pg_timezone_names
),

localised as (
    select
        integrations.integration_id,
        integrations.currency,
        coalesce(zones.name, 'UTC') as timezone,
        zones.name is not null as is_timezone_known
    from integrations
    left join zones on lower(integrations.timezone) = lower(zones.name)
)

select * from localised
