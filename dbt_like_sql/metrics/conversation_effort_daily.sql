{{ config(materialized='view', event_time='day') }}

select
    stored.day as day,
    count(replied.conversation_slug) as conversation_count,
    count(replied.conversation_slug) - count(replied.response_count) as unknown_start_count,
    avg(replied.response_count) as mean_responses,
    count(*) filter (where replied.response_count = 1) / nullif(count(replied.response_count), 0) as single_reply_share,
    avg(replied.thread_size) as mean_thread_size,
    avg(replied.staff_count) as mean_staff_count,
    count(*) filter (where replied.staff_count > 1) / nullif(count(replied.staff_count), 0) as handoff_share
from {{ ref('stored_history') }} as stored
left join {{ ref('replied_conversations') }} as replied on replied.day = stored.day
group by stored.day
