{% test found_in(model, columns, to, to_columns) %}
{#- Relationships by several columns: a returned row points at nothing. Nulls point nowhere. #}
select child.*
from {{ model }} as child
where
    {% for column in columns -%}
    child.{{ column }} is not null and
    {% endfor -%}
    not exists (
        select from {{ to }} as parent
        where
            {% for column in columns -%}
            parent.{{ to_columns[loop.index0] }} = child.{{ column }}{{ " and" if not loop.last }}
            {% endfor %}
    )
{% endtest %}
