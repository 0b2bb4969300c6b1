{{ config(materialized='incremental', event_time='day') }}

select
    day,
    category_slug,
    arg_max(category_name, (coalesce(created_at, day), message_id)) as category_name,
    count(*) filter (where not is_excluded) as message_count,
    count(*) filter (where speaker = 'customer') as messages_received,
    count(*) filter (where speaker = 'staff') as response_count,
    count(distinct conversation_slug) filter (where not is_excluded) as conversation_count,
    count(*) filter (where is_excluded) as excluded_message_count
from {{ ref('counted_messages') }}
group by day, category_slug
