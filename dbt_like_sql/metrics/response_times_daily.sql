{{ config(materialized='view', event_time='day') }}

select
    stored.day as day,
    count(seconds) as turn_count,
    count(turns.day) - count(seconds) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('stored_history') }} as stored
left join {{ ref('reply_turns') }} as turns on turns.day = stored.day
group by stored.day
