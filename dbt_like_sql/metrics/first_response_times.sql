{{ config(materialized='view', event_time='day') }}

-- The first stored response closes the first turn, unless staff opened the conversation: then it closes none.
select
    day,
    conversation_slug,
    message_id,
    if(is_first, opened_at, null) as first_customer_message_at,
    replied_at as first_response_at,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    if(is_first, seconds, null) as seconds,
    if(is_first, business_seconds, null) as business_seconds
from {{ ref('reply_turns') }}
where previous_response_at is null
