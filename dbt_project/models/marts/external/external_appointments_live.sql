{{ config(materialized='view') }}

{%- set told = "coalesce(waiting.starts_at, built.scheduled_at)" %}
{%- set is_single = "built.external_id = built.appointment_id" %}

-- What was built, under the word of a webhook that waits; in a group that is of one booking.
select
    built.id,
    built.integration_id,
    built.barbershop_id,
    built.external_id,
    built.appointment_id,
    built.client_id,
    built.client_name,
    built.client_email,
    built.client_phone,
    built.employee_name,
    built.service_name,
    coalesce(waiting.service_category, built.service_category) as service_category,
    built.location_name,
    {{ told }} as scheduled_at,
    case when waiting.starts_at is null then built.ends_at else waiting.ends_at end as ends_at,
    built.timezone,
    ({{ told }} at time zone built.timezone)::date as scheduled_on,
    case
        when {{ is_single }} then coalesce(waiting.price, built.price)
        else built.price
    end as price,
    built.currency,
    case
        when {{ is_single }} then coalesce(nullif(waiting.status, 'unknown'), built.status)
        else built.status
    end as status,
    case
        when {{ is_single }} then coalesce(waiting.raw_status, built.raw_status)
        else built.raw_status
    end as raw_status,
    coalesce(waiting.cancel_reason, built.cancel_reason) as cancel_reason,
    built.origin,
    waiting.told_at
from {{ ref('external_appointments') }} as built
left join {{ ref('int_webhooks__waiting') }} as waiting
    on
        built.integration_id = waiting.integration_id
        and built.appointment_id = waiting.appointment_id
union all
-- What nothing was built of yet.
select
    {{ deterministic_id(['waiting.integration_id', 'waiting.appointment_id']) }} as id,
    waiting.integration_id,
    waiting.barbershop_id,
    waiting.appointment_id as external_id,
    waiting.appointment_id,
    null as client_id,
    waiting.client_name,
    waiting.client_email,
    waiting.client_phone,
    waiting.employee_name,
    waiting.service_name,
    waiting.service_category,
    waiting.location_name,
    waiting.starts_at as scheduled_at,
    waiting.ends_at,
    shops.timezone,
    (waiting.starts_at at time zone shops.timezone)::date as scheduled_on,
    waiting.price,
    shops.currency,
    waiting.status,
    waiting.raw_status,
    waiting.cancel_reason,
    'webhook' as origin,
    waiting.told_at
from {{ ref('int_webhooks__waiting') }} as waiting
inner join {{ ref('int_integrations__localised') }} as shops
    on waiting.integration_id = shops.integration_id
where
    waiting.starts_at is not null
    and not exists (
        select
        from {{ ref('external_appointments') }} as built
        where
            built.integration_id = waiting.integration_id
            and built.appointment_id = waiting.appointment_id
    )
