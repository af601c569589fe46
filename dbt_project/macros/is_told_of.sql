{% macro is_told_of(booking, told) -%}
    {#- Whether what a webhook or a file told of a booking was told of this one. One client here and there is the same;
        in a group the id decides, then the e-mail address, then the name. -#}
    {%- set mine = full_name(booking ~ '.customer_first_name', booking ~ '.customer_last_name') -%}
    {%- set theirs = full_name(told ~ '.customer_first_name', told ~ '.customer_last_name') -%}
    case
        when coalesce({{ booking }}.number, 1) = 1 and {{ told }}.number = 1 then true
        when {{ told }}.booking_id = {{ booking }}.booking_id then true
        when {{ told }}.customer_id is not null and {{ booking }}.customer_id is not null
            then {{ told }}.customer_id = {{ booking }}.customer_id
        when {{ told }}.customer_email is not null and {{ booking }}.customer_email is not null
            then lower({{ told }}.customer_email) = lower({{ booking }}.customer_email)
        else lower({{ mine }}) = lower({{ theirs }})
    end
{%- endmacro %}
