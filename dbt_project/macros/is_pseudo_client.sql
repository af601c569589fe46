{% macro is_pseudo_client(client_id, client_name) -%}
    {#- A booking without a client, or under a name that stands for whoever came in: such names are often the most
        frequent "client" of a shop. Left out of every count of clients, kept in money and in visits. The whole name
        must match, so that a John Guest stays a person. -#}
    coalesce(
        {{ client_id }} is null
        or {{ normalised(client_name) }} in (
            'walkin', 'walkins', 'walkinclient', 'walkincustomer', 'walkinguest', 'guest', 'guestclient',
            'guestcustomer', 'houseaccount', 'cashclient', 'cashcustomer', 'anonymous', 'noname'
        ),
        false
    )
{%- endmacro %}
