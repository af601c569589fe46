{% test expression_is_true(model, expression) %}
{#- A returned row breaks the expression. Null counts as true, as in a check constraint. #}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
