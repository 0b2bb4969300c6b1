{{ config(materialized='view', event_time='day') }}

{#- Names are compared without regard to case; an origin is named by its code or by its name. -#}
{%- set senders = var('excluded_senders', []) | map('lower') | map('replace', "'", "''") | join("', '") -%}
{%- set origins = var('excluded_origins', []) | map('lower') | map('replace', "'", "''") | join("', '") %}

with marked as (

    select
        message_id,
        day,
        created_at,
        conversation_slug,
        conversation_created_at,
        sender_name,
        sender_email,
        is_staff,
        origin,
        origin_name,
        visibility,
        false
        {%- if senders %}
        or coalesce(list_contains(['{{ senders }}'], lower(sender_email)), false)
        {%- endif %}
        {%- if origins %}
        or coalesce(list_contains(['{{ origins }}'], origin::varchar), false)
        or coalesce(list_contains(['{{ origins }}'], lower(origin_name)), false)
        {%- endif %} as is_excluded
    from {{ ref('messages') }}

)

select
    *,
    case
        when is_excluded or visibility is distinct from 0 then null
        when is_staff then 'staff'
        when not is_staff then 'customer'
    end as speaker
from marked
