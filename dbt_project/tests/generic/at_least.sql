{% test at_least(model, column_name, minimum) %}
{#- A returned row has a value below the minimum. #}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ minimum }}
{% endtest %}
