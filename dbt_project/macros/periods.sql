{% macro periods_of(day) -%}
    {#- The day, the ISO week and the month that a local date lies in: first day, and first day after. -#}
    select span.period_type, span.date, span.until
    from (
        values
        ('daily', {{ day }}, {{ day }} + 1),
        ('weekly', date_trunc('week', {{ day }}::timestamp)::date, date_trunc('week', {{ day }}::timestamp)::date + 7),
        (
            'monthly',
            date_trunc('month', {{ day }}::timestamp)::date,
            (date_trunc('month', {{ day }}::timestamp) + interval '1 month')::date
        )
    ) as span (period_type, date, until)
{%- endmacro %}
