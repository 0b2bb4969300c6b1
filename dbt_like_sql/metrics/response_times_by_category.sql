{{ config(materialized='view', event_time='day') }}

select
    day,
    category_slug,
    arg_max(category_name, (replied_at, message_id)) as category_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('reply_turns') }}
group by day, category_slug
