{% macro as_of() -%}
    {#- The one "now" of a run: the var as_of, else the start of the run. -#}
    '{{ var("as_of", "") or run_started_at }}'::timestamptz
{%- endmacro %}


{% macro newest(column) -%}
    {#- How far an incremental model has come: the greatest value it holds of a bookkeeping column, as a literal. A
        subquery would say the same, but the planner takes a third of a table to be greater than an unknown value. -#}
    {%- set found = run_query("select max(" ~ column ~ ") from " ~ this) if execute else none -%}
    '{{ found.rows[0][0] or "-infinity" if found else "-infinity" }}'::timestamptz
{%- endmacro %}


{% macro stamp(column) -%}
    {#- What this run writes into a bookkeeping column. It grows from run to run even when the clock steps back,
        because readers take "greater than what I hold" to mean new. -#}
    {%- if is_incremental() -%}
        greatest('{{ run_started_at }}'::timestamptz, {{ newest(column) }} + interval '1 microsecond')
    {%- else -%}
        '{{ run_started_at }}'::timestamptz
    {%- endif -%}
{%- endmacro %}


{% macro check_as_of() -%}
    {#- Incremental models know only how far as_of has come, so they can follow it forward and never back. -#}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set given = var('as_of', '') | string -%}
        {%- if given and not modules.re.search('[T ][0-9:.]+(Z|[+-][0-9]{2}(:?[0-9]{2})?)$', given) -%}
            {{ exceptions.raise_compiler_error("The var as_of is '" ~ given ~ "', without an offset from UTC: write it as 2026-03-02T12:00:00Z.") }}
        {%- endif -%}
        {%- for node in graph.nodes.values() if 'as_of' in node.columns and not flags.FULL_REFRESH -%}
            {%- set built = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- if built -%}
                {%- set later = run_query("select max(as_of) from " ~ built ~ " having max(as_of) > " ~ as_of()) -%}
                {%- if later.rows -%}
                    {{ exceptions.raise_compiler_error(built ~ " was built as of " ~ later.rows[0][0] ~ ", later than " ~ as_of() ~ ": give a later as_of, or look back with --full-refresh.") }}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
