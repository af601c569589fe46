{{ config(
    incremental_strategy='delete+insert',
    unique_key=['integration_id', 'external_id'],
    indexes=[
        {'columns': ['id'], 'unique': true},
        {'columns': ['integration_id', 'external_id'], 'unique': true},
        {'columns': ['customer_arrived_at']},
        {'columns': ['client_refreshed_at']}
    ]
) }}

{%- set name = full_name('customers.first_name', 'customers.last_name') %}

with customers as not materialized (
    select * from {{ ref('int_customers__latest') }}
),

clients as (
    select * from {{ ref('int_clients__summarised') }}
),

touched as (
    select
        integration_id,
        customer_id
    from customers
    {% if is_incremental() %}
    where arrived_at > {{ newest('customer_arrived_at') }}
    union
    select
        integration_id,
        client_id as customer_id
    from clients
    where refreshed_at > {{ newest('client_refreshed_at') }}
    {% endif %}
),

described as (
    select
        {{ deterministic_id(['customers.integration_id', 'customers.customer_id']) }} as id,
        customers.integration_id,
        customers.barbershop_id,
        customers.customer_id as external_id,
        customers.payload::jsonb as external_data,
        {{ present('customers.first_name') }} as first_name,
        {{ present('customers.last_name') }} as last_name,
        {{ present('customers.email') }} as email,
        {{ present('customers.phone_number') }} as phone,
        nullif(regexp_replace(customers.phone_number, '\D', '', 'g'), '') as phone_digits,
        {{ is_pseudo_client('customers.customer_id', name) }} as is_pseudo_client,
        not customers.is_gone as is_active,
        customers.origin,
        coalesce(clients.total_appointments, 0) as total_appointments,
        coalesce(clients.total_spent, 0)::numeric(18, 3) as total_spent,
        clients.first_appointment_at,
        clients.last_appointment_at,
        clients.first_visited_on,
        customers.loaded_at as last_synced_at,
        customers.row_hash as sync_hash,
        customers.first_observed_at as created_at,
        customers.last_observed_at as updated_at,
        customers.arrived_at as customer_arrived_at,
        clients.refreshed_at as client_refreshed_at
    from touched
    inner join customers
        on
            touched.integration_id = customers.integration_id
            and touched.customer_id = customers.customer_id
    left join clients
        on
            touched.integration_id = clients.integration_id
            and touched.customer_id = clients.client_id
)

select * from described
