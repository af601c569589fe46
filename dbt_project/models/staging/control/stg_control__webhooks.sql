select
    events.id as event_id,
    events.integration_id,
    events.barbershop_id,
    events.number as event_number,
    events.processed as is_settled,
    events.last_received_at,
    told.external_id as appointment_id,
    told.status,
    told.service_name,
    told.service_category,
    told.employee_name,
    told.customer_name,
    told.customer_email,
    told.customer_phone,
    told.location_name,
    told.cancel_reason,
    told.price,
    told.starts_at,
    told.ends_at
from {{ source('control', 'webhook_events') }} as events
inner join {{ source('control', 'webhook_appointments') }} as told
    on events.id = told.event_id
