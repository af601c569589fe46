{% macro peak_hours(hours) -%}
    {#- The hours of a period's bookings as a list of {hour, bookings}, fullest first. -#}
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('hour', entry.hour, 'bookings', entry.bookings)
                order by entry.bookings desc, entry.hour
            ),
            '[]'
        )
        from (
            select booked.hour, count(*) as bookings
            from unnest({{ hours }}) as booked (hour)
            group by booked.hour
        ) as entry
    )
{%- endmacro %}


{% macro popular_services(service_ids, service_names, earnings) -%}
    {#- The five services of a period booked most, as a list of {service, bookings, revenue}. -#}
    (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('service', entry.name, 'bookings', entry.bookings, 'revenue', entry.revenue)
                order by entry.bookings desc, entry.revenue desc, entry.service_id
            ),
            '[]'
        )
        from (
            select
                booked.service_id,
                coalesce(max(booked.name), booked.service_id) as name,
                count(*) as bookings,
                coalesce(sum(booked.earned), 0) as revenue
            from unnest({{ service_ids }}, {{ service_names }}, {{ earnings }}) as booked (service_id, name, earned)
            where booked.service_id is not null
            group by booked.service_id
            order by bookings desc, revenue desc, booked.service_id
            limit 5
        ) as entry
    )
{%- endmacro %}
