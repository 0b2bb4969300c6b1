{{ config(materialized='incremental', event_time='day') }}

-- Each response with what preceded it on its own day; `conversation_history` knows the days before.
-- Lists, because sorting all messages for window functions takes longer.
with spoken as (

    select *
    from {{ ref('counted_messages') }}
    where speaker is not null and conversation_slug is not null and created_at is not null

),

conversations as (

    select
        day,
        conversation_slug,
        coalesce(list(created_at) filter (where speaker = 'customer'), []) as asked,
        list_sort(list({'at': created_at, 'id': message_id}) filter (where speaker = 'staff')) as answered
    from spoken
    group by day, conversation_slug

),

placed as (

    select
        spoken.*,
        asked,
        list_position(answered, {'at': created_at, 'id': message_id}) as place,
        answered[list_position(answered, {'at': created_at, 'id': message_id}) - 1].at as previous_response_at
    from spoken
    inner join conversations
        on conversations.day = spoken.day and conversations.conversation_slug = spoken.conversation_slug
    where speaker = 'staff'

)

select
    message_id,
    day,
    conversation_slug,
    created_at as replied_at,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    place::integer as place_in_day,
    previous_response_at,
    -- At one instant the customer speaks first.
    list_min([
        instant for instant in asked
        if instant <= created_at and (previous_response_at is null or instant > previous_response_at)
    ]) as opened_at
from placed
