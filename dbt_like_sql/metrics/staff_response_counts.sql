{{ config(materialized='incremental', event_time='day') }}

-- Email decides who a sender is; the newest name labels them. Without an email each name is a sender of its own.
select
    day,
    sender_email,
    arg_max(sender_name, (coalesce(created_at, day), message_id)) as sender_name,
    count(*) filter (visibility = 0) as response_count,
    count(*) filter (visibility = 1) as internal_note_count,
    count(distinct conversation_slug) filter (visibility = 0) as conversation_count
from {{ ref('messages') }}
where is_staff
group by day, sender_email, if(sender_email is null, sender_name, null)
