{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- Schemas carry exactly the names that readers, grants and row-level security know: no target prefix. -#}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
