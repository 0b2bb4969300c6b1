{{ config(materialized='view') }}

{#- Without `documents` there is no row. A view: what is forgotten or left out of the messages is in no document. -#}
{%- set size = var('document_characters', 4000) | int %}

with said as (

    select
        counted.conversation_slug as conversation_slug,
        counted.message_id as message_id,
        counted.created_at as created_at,
        coalesce(counted.is_staff, false) as is_staff,
        coalesce(strftime(counted.created_at, '%Y-%m-%d %H:%M'), 'undated') || ' '
        || case when counted.is_staff then 'staff' when not counted.is_staff then 'customer' else 'unknown' end || ' '
        || coalesce(counted.sender_name, counted.sender_email, 'no name')
        || case counted.visibility when 1 then ' (internal note)' when 2 then ' (not sent)' else '' end
        || ': ' || coalesce(messages.body, '') as line
    from {{ ref('counted_messages') }} as counted
    inner join {{ ref('messages') }} as messages
        on messages.day = counted.day and messages.message_id = counted.message_id
    where counted.conversation_slug is not null and not counted.is_excluded
        and {{ 'true' if var('documents', false) else 'false' }}

),

-- At one instant the customer speaks before staff, as everywhere.
documents as (

    select
        conversation_slug,
        count(*) as message_count,
        min(created_at) as first_message_at,
        max(created_at) as last_message_at,
        array_to_string(list(line order by created_at nulls last, is_staff, message_id), chr(10) || chr(10)) as document
    from said
    group by conversation_slug

),

numbered as (

    select
        *,
        ((length(document) + {{ size }} - 1) // {{ size }})::integer as chunk_count
    from documents

),

cut as (

    select
        *,
        unnest(range(1, chunk_count + 1))::integer as chunk
    from numbered

)

select
    conversation_slug,
    chunk,
    chunk_count,
    substring(document, (chunk - 1) * {{ size }} + 1, {{ size }}) as text,
    message_count,
    first_message_at,
    last_message_at
from cut
