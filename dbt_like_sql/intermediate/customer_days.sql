{{ config(materialized='incremental', event_time='day') }}

-- Says nothing of other days, so it is the same in whatever order days are stored. Without an email nobody is known again.
select
    day,
    sender_key as customer_key,
    arg_max(sender_email, (coalesce(created_at, day), message_id)) as email,
    arg_max(sender_name, (coalesce(created_at, day), message_id)) as name,
    count(*) as message_count,
    min(created_at) as first_message_at,
    max(created_at) as last_message_at,
    coalesce(list_sort(list_distinct(list(conversation_slug))), []) as conversation_slugs,
    list_sort(list_distinct(list(origin_name))) as origin_names
from {{ ref('counted_messages') }}
where speaker = 'customer' and sender_email is not null
group by day, sender_key
