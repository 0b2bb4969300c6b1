{{ config(materialized='view', event_time='day') }}

-- Email decides who a sender is; without one each name is a sender of its own.
select
    day,
    sender_email,
    arg_max(sender_name, (coalesce(created_at, day), message_id)) as sender_name,
    origin,
    origin_name,
    count(*) as response_count,
    count(distinct conversation_slug) as conversation_count
from {{ ref('counted_messages') }}
where speaker = 'staff'
group by day, sender_email, if(sender_email is null, sender_name, null), origin, origin_name
