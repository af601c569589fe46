{% macro deterministic_id(columns) -%}
    {#- The same row has the same uuid in every build; null as soon as one part is. -#}
    md5({{ columns | map('string') | join(" || '|' || ") }})::uuid
{%- endmacro %}


{% macro money(amount) -%}
    {#- An amount that numeric(12,3) cannot hold, or a negative one, is a slip of the keyboard: unknown, and no reason to
        stop the other shops. -#}
    (case when {{ amount }} >= 0 and {{ amount }} < 1e9 then {{ amount }} end)::numeric(12, 3)
{%- endmacro %}


{% macro total(amount, where) -%}
    {#- A sum of money: 0 when there is nothing to add, and wide enough for any number of amounts. -#}
    coalesce(sum({{ amount }}) filter (where {{ where }}), 0)::numeric(18, 3)
{%- endmacro %}


{% macro minutes_between(starts_at, ends_at) -%}
    {#- Elapsed minutes, so a night that the clock change lengthens is longer. Null when the end comes first or a year later. -#}
    case
        when {{ ends_at }} >= {{ starts_at }} and {{ ends_at }} < {{ starts_at }} + interval '1 year'
            then (extract(epoch from {{ ends_at }} - {{ starts_at }}) / 60)::integer
    end
{%- endmacro %}


{% macro seats(additional_persons) -%}
    {#- The client and whom they bring. A party of a thousand, or a negative one, is a slip of the keyboard. -#}
    (1 + case when {{ additional_persons }} between 0 and 999 then {{ additional_persons }} else 0 end)::integer
{%- endmacro %}


{% macro present(text) -%}
    {#- Text without the blanks around it; null when nothing is left. -#}
    nullif(trim({{ text }}), '')
{%- endmacro %}


{% macro full_name(first_name, last_name) -%}
    nullif(concat_ws(' ', {{ present(first_name) }}, {{ present(last_name) }}), '')
{%- endmacro %}
