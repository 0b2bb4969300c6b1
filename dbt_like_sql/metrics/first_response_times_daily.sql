{{ config(materialized='view', event_time='day') }}

select
    stored.day as day,
    count(seconds) as turn_count,
    count(responses.day) - count(seconds) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('stored_history') }} as stored
left join {{ ref('first_response_times') }} as responses on responses.day = stored.day
group by stored.day
