{% macro get_incremental_replace_keys_sql(arg_dict) -%}
    {#- delete+insert that can also empty a key. The model selects every key it has looked at again, and a key without
        rows any more as one row whose id is null: that row takes the old rows away and is not kept itself. -#}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set key = arg_dict['unique_key'] | join(', ') -%}

    delete from {{ arg_dict['target_relation'] }}
    where ({{ key }}) in (select {{ key }} from {{ arg_dict['temp_relation'] }});

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where id is not null
{%- endmacro %}
