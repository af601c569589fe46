{% macro latest_versions(versions, key, attributes, origins=['api']) -%}
    {#- One row per key of a version log, from the loads that have arrived. The origins that count stand in the order in
        which they are believed: as soon as the first has any version of a record, the others say nothing of it. Its
        newest version decides whether the record is gone; the attributes are those of the newest version that has any,
        so what is gone keeps its name. Newest is by observation, never by arrival: a load may be committed late. -#}
    {%- set believed = "'" ~ origins | join("', '") ~ "'" -%}
    {%- set newest_first = 'precedence, observed_at desc, load_id desc, row_hash desc nulls last' -%}
    with loads as (
        select * from {{ ref('int_loads__arrived') }}
    ),
    {%- if is_incremental() %}

    touched as (
        select distinct integration_id, {{ key }}
        from {{ versions }}
        where load_id in ({{ new_loads() }})
    ),
    {%- endif %}

    log as (
        select
            versions.*,
            loads.arrived_at,
            array_position(array[{{ believed }}], versions.origin) as precedence
        from {{ versions }} as versions
        inner join loads on versions.load_id = loads.load_id
        {%- if is_incremental() %}
        inner join touched
            on versions.integration_id = touched.integration_id and versions.{{ key }} = touched.{{ key }}
        {%- endif %}
        where versions.origin in ({{ believed }})
    ),

    compared as (
        select
            log.*,
            min(observed_at) over record as first_observed_at,
            max(arrived_at) over record as last_arrived_at,
            first_value(observed_at) over (record order by {{ newest_first }}) as last_observed_at,
            first_value(op) over (record order by {{ newest_first }}) = 'gone' as is_gone
        from log
        window record as (partition by integration_id, {{ key }})
    )

    select distinct on (compared.integration_id, compared.{{ key }})
        compared.integration_id::uuid as integration_id,
        barbershop_id::uuid as barbershop_id,
        {{ key }},
        origin,
        {%- for attribute in attributes %}
        {{ attribute }},
        {%- endfor %}
        payload,
        row_hash,
        loaded_at,
        is_gone,
        first_observed_at,
        last_observed_at,
        last_arrived_at as arrived_at
    from compared
    where op = 'seen'
    order by compared.integration_id, compared.{{ key }}, {{ newest_first }}
{%- endmacro %}


{% macro new_loads() -%}
    {#- The loads that arrived since this model was built, as literals: their statistics lead the planner to the index
        of the log, where a subquery leads it through the whole log. -#}
    {%- set arrived = run_query(
        "select load_id from " ~ ref('int_loads__arrived') ~ " where arrived_at > " ~ newest('arrived_at')
    ) if execute else none -%}
    {%- for row in arrived.rows if arrived -%}
        '{{ row[0] }}',
    {%- endfor -%}
    null
{%- endmacro %}
