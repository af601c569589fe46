{{ config(indexes=[{'columns': ['integration_id', 'service_id', 'applies_from']}]) }}

with services as (
    select * from {{ ref('stg_trafft__services') }}
),

loads as (
    select * from {{ ref('int_loads__arrived') }}
),

-- A version whose price could not be read says nothing about prices: the last readable one stands.
priced as (
    select distinct on (services.integration_id, services.service_id, services.observed_at)
        services.integration_id::uuid as integration_id,
        services.service_id,
        services.observed_at,
        {{ money('services.price') }} as price,
        max(loads.arrived_at) over (
            partition by services.integration_id, services.service_id, services.observed_at
        ) as arrived_at
    from services
    inner join loads on services.load_id = loads.load_id
    where
        services.origin = 'api'
        and services.op = 'seen'
        and {{ money('services.price') }} is not null
    order by
        services.integration_id asc,
        services.service_id asc,
        services.observed_at asc,
        services.load_id desc,
        services.row_hash desc
),

versioned as (
    select
        integration_id,
        service_id,
        price,
        observed_at as known_from,
        case
            when lag(observed_at) over history is null then '-infinity'
            else observed_at
        end as applies_from,
        coalesce(lead(observed_at) over history, 'infinity') as applies_until,
        arrived_at
    from priced
    window history as (partition by integration_id, service_id order by observed_at)
)

select * from versioned
