{{ config(materialized='view', event_time='day') }}

select
    day,
    arg_max(sender_email, (replied_at, message_id)) as sender_email,
    sender_key,
    arg_max(sender_name, (replied_at, message_id)) as sender_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('reply_turns') }}
group by day, sender_key
