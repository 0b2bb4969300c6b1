{{ config(materialized='view', event_time='day') }}

select
    day,
    category_slug,
    arg_max(category_name, (first_response_at, message_id)) as category_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('first_response_times') }}
group by day, category_slug
