{{ config(materialized='incremental', event_time='day') }}

-- Email decides who a sender is, however it is spelt; the newest spelling and name label them.
select
    day,
    arg_max(sender_email, (coalesce(created_at, day), message_id)) as sender_email,
    sender_key,
    arg_max(sender_name, (coalesce(created_at, day), message_id)) as sender_name,
    count(*) filter (where speaker = 'staff') as response_count,
    count(*) filter (where visibility = 1 and not is_excluded) as internal_note_count,
    count(*) filter (where visibility = 2 and not is_excluded) as collision_count,
    count(distinct conversation_slug) filter (where speaker = 'staff') as conversation_count,
    count(*) filter (where is_excluded) as excluded_message_count
from {{ ref('counted_messages') }}
where is_staff
group by day, sender_key
