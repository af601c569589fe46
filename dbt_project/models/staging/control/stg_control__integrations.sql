select
    integrations.id as integration_id,
    integrations.barbershop_id,
    integrations.provider,
    barbershops.timezone,
    barbershops.currency
from {{ source('control', 'integrations') }} as integrations
left join {{ source('control', 'barbershops') }} as barbershops
    on integrations.barbershop_id = barbershops.id
