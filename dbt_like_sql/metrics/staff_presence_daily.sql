{{ config(materialized='view', event_time='day') }}

-- Hours are whole hours of UTC, as the reporting zone has them wherever its offset is one of whole hours.
with hours as (

    select
        day,
        sender_key,
        arg_max(sender_email, (replied_at, message_id)) as sender_email,
        arg_max(sender_name, (replied_at, message_id)) as sender_name,
        min(replied_at) as first_reply_at,
        max(replied_at) as last_reply_at,
        count(*) as response_count,
        count(distinct conversation_slug) as conversation_count
    from {{ ref('responses') }}
    group by day, sender_key, time_bucket(interval 1 hour, replied_at)

)

select
    day,
    arg_max(sender_email, last_reply_at) as sender_email,
    sender_key,
    arg_max(sender_name, last_reply_at) as sender_name,
    min(first_reply_at) as first_reply_at,
    max(last_reply_at) as last_reply_at,
    count(*) as hours_with_reply,
    sum(response_count)::bigint as response_count,
    max(conversation_count) as most_conversations_in_an_hour,
    avg(conversation_count) as mean_conversations_an_hour
from hours
group by day, sender_key
