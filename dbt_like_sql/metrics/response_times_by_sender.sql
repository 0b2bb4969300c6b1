{{ config(materialized='view', event_time='day') }}

-- Without an email each name is a sender of its own.
select
    day,
    sender_email,
    arg_max(sender_name, (replied_at, message_id)) as sender_name,
    count(seconds) as turn_count,
    count(*) filter (where seconds is null) as unknown_turn_count,
    {{ response_times() }}
from {{ ref('reply_turns') }}
group by day, sender_email, if(sender_email is null, sender_name, null)
