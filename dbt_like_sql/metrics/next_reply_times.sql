{{ config(materialized='view', event_time='day') }}

-- A turn of which nobody knows whether it was the first is left out.
select
    day,
    conversation_slug,
    message_id,
    opened_at,
    replied_at,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    seconds,
    business_seconds
from {{ ref('reply_turns') }}
where not is_first
