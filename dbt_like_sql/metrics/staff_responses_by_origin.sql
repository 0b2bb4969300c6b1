{{ config(materialized='view', event_time='day') }}

select
    day,
    arg_max(sender_email, (coalesce(created_at, day), message_id)) as sender_email,
    sender_key,
    arg_max(sender_name, (coalesce(created_at, day), message_id)) as sender_name,
    origin,
    origin_name,
    count(*) as response_count,
    count(distinct conversation_slug) as conversation_count
from {{ ref('counted_messages') }}
where speaker = 'staff'
group by day, sender_key, origin, origin_name
