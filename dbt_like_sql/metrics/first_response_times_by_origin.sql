{{ config(materialized='view', event_time='day') }}

select
    day,
    origin,
    origin_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('first_response_times') }}
group by day, origin, origin_name
