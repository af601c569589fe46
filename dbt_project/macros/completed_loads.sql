{% macro completed_loads() -%}
    {#- Each load that dlt has completed, once: a load that was killed just after it was marked is marked again by
        whoever finishes it, and every version of it would show twice. -#}
    (
        select
            load_id,
            min(inserted_at) as inserted_at
        from {{ source('trafft', '_dlt_loads') }}
        where status = 0
        group by load_id
    )
{%- endmacro %}
