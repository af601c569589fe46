{% macro of_moved_shops(shops) -%}
    {#- True for rows of a shop whose time zone or currency is not the one in which this model was built. A change
        rebuilds all rows of a shop at once, so any one row tells. The few shops, mostly none, stand as literals: the
        planner would take a subquery to mean every row. -#}
    {%- set moved = run_query(
        "select settings.integration_id from " ~ shops ~ " as settings cross join lateral ("
        ~ " select built.timezone, built.currency from " ~ this ~ " as built"
        ~ " where built.integration_id = settings.integration_id limit 1"
        ~ ") as used where (used.timezone, used.currency) is distinct from (settings.timezone, settings.currency)"
    ) if execute else none -%}
    integration_id in (
        {%- for row in moved.rows if moved -%}
            '{{ row[0] }}',
        {%- endfor -%}
        null
    )
{%- endmacro %}


{% macro touched_bookings(bookings, observed) -%}
    {#- What this model must look at again: every client, service, employee and start that a rewritten appointment has,
        or ever had (a reschedule leaves a hole where it was), and the bookings that ended since the last run. -#}
    select
        rewritten.integration_id,
        rewritten.appointment_id,
        history.client_id,
        history.service_id,
        history.employee_id,
        history.starts_at as scheduled_at
    from (
        select distinct integration_id, appointment_id
        from {{ bookings }}
        where refreshed_at > {{ newest('bookings_refreshed_at') }}
    ) as rewritten
    inner join {{ observed }} as history
        on
            rewritten.integration_id::text = history.integration_id
            and rewritten.appointment_id = history.appointment_id
    union all
    select integration_id, appointment_id, client_id, service_id, employee_id, scheduled_at
    from {{ bookings }}
    where ends_at > {{ newest('as_of') }} and ends_at <= {{ as_of() }}
{%- endmacro %}


{% macro touched_periods(bookings, observed, shops) -%}
    {#- Periods to count again. First those in which a touched booking lies or lay. Then, because the first visit of a
        client decides who is new and who returns, the one with the earliest visit that was not touched, when a touched
        booking lies or lay before it: that visit was, or now is, the first. Last, all that was built for a shop that
        has moved to another time zone or currency. -#}
    with moved as (
        select
            touched.*,
            (touched.scheduled_at at time zone coalesce(shops.timezone, 'UTC'))::date as day
        from ({{ touched_bookings(bookings, observed) }}) as touched
        left join {{ shops }} as shops on touched.integration_id = shops.integration_id
    ),

    clients as (
        select integration_id, client_id, array_agg(appointment_id) as appointment_ids, min(day) as first_day
        from moved
        where client_id is not null
        group by integration_id, client_id
    ),

    days as (
        select integration_id, day
        from moved
        where day is not null
        union
        select clients.integration_id, others.first_day as day
        from clients
        cross join lateral (
            select min(others.scheduled_on) as first_day
            from {{ bookings }} as others
            where
                others.integration_id = clients.integration_id
                and others.client_id = clients.client_id
                and others.appointment_id <> all(clients.appointment_ids)
                and not others.is_pseudo_client
                and {{ is_completed('others.status', 'others.ends_at') }}
        ) as others
        where others.first_day > clients.first_day
    )

    select days.integration_id, periods.period_type, periods.date, periods.until
    from days
    cross join lateral ({{ periods_of('days.day') }}) as periods
    union
    select built.integration_id, built.period_type, built.date, periods.until
    from {{ this }} as built
    cross join lateral ({{ periods_of('built.date') }}) as periods
    where built.period_type = periods.period_type and built.{{ of_moved_shops(shops) }}
{%- endmacro %}
