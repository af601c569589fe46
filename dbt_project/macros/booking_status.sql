{% macro normalised(text) -%}
    {#- One spelling of a word that people write with hyphens, underscores, spaces and capitals. -#}
    regexp_replace(lower({{ text }}), '[-_ ]', '', 'g')
{%- endmacro %}


{% macro deciding_status(appointment_status, booking_status) -%}
    {#- Which of the two raw statuses counts. The booking's, unless it says nothing, or the whole appointment came to an
        end (cancelled, rejected, no-show) while the booking still reads as if it would take place. -#}
    case
        when {{ present(booking_status) }} is null then {{ appointment_status }}
        when
            {{ canonical_status(appointment_status) }} in ('cancelled', 'no_show')
            and {{ canonical_status(booking_status) }} not in ('cancelled', 'no_show')
            then {{ appointment_status }}
        else {{ booking_status }}
    end
{%- endmacro %}


{% macro canonical_status(raw_status) -%}
    {#- Trafft has no "completed": see is_completed. A word not listed here is kept raw and counted as unknown. -#}
    case {{ normalised(raw_status) }}
        when 'approved' then 'confirmed'
        when 'confirmed' then 'confirmed'
        when 'pending' then 'pending'
        when 'canceled' then 'cancelled'
        when 'cancelled' then 'cancelled'
        when 'rejected' then 'cancelled'
        when 'noshow' then 'no_show'
        else 'unknown'
    end
{%- endmacro %}


{% macro is_completed(status, ends_at) -%}
    {#- Presumed attended: confirmed, over, and nobody has said otherwise. It depends on as_of, so it is never stored. -#}
    {{ status }} = 'confirmed' and {{ ends_at }} <= {{ as_of() }}
{%- endmacro %}
