{{ config(materialized='view', event_time='day') }}

select
    day,
    arg_max(sender_email, (first_response_at, message_id)) as sender_email,
    sender_key,
    arg_max(sender_name, (first_response_at, message_id)) as sender_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('first_response_times') }}
group by day, sender_key
