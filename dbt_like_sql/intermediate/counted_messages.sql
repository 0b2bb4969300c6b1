{{ config(materialized='view', event_time='day') }}

{#- Names are compared without regard to case; an origin is named by its code or by its name. -#}
{%- set senders = var('excluded_senders', []) | map('replace', "'", "''") | join("'), lower('") -%}
{%- set origins = var('excluded_origins', []) | map('lower') | map('replace', "'", "''") | join("', '") %}

with told as (

    select
        message_id,
        day,
        created_at,
        {{ not_blank('conversation_slug') }} as conversation_slug,
        conversation_created_at,
        {{ stripped('sender_name') }} as sender_name,
        {{ stripped('sender_email') }} as sender_email,
        is_staff,
        origin,
        origin_name,
        visibility,
        {{ not_blank('category_slug') }} as category_slug,
        {{ stripped('category_name') }} as category_name
    from {{ ref('messages') }}

),

keyed as (

    select
        *,
        {{ sender_key('sender_email', 'sender_name') }} as sender_key
    from told

),

marked as (

    select
        *,
        false
        {%- if senders %}
        or list_contains([lower('{{ senders }}')], sender_key)
        {%- endif %}
        {%- if origins %}
        or coalesce(list_contains(['{{ origins }}'], origin::varchar), false)
        or coalesce(list_contains(['{{ origins }}'], lower(origin_name)), false)
        {%- endif %} as is_excluded
    from keyed

)

select
    message_id,
    day,
    created_at,
    conversation_slug,
    conversation_created_at,
    sender_name,
    sender_email,
    sender_key,
    is_staff,
    origin,
    origin_name,
    visibility,
    category_slug,
    category_name,
    is_excluded,
    case
        when is_excluded or visibility is distinct from 0 then null
        when is_staff then 'staff'
        when not is_staff then 'customer'
    end as speaker
from marked
