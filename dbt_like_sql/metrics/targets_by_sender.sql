{{ config(materialized='view', event_time='day') }}

select
    day,
    target_name,
    arg_max(sender_email, (replied_at, message_id)) as sender_email,
    sender_key,
    arg_max(sender_name, (replied_at, message_id)) as sender_name,
    {{ target_counts() }}
from {{ ref('target_results') }}
group by day, target_name, sender_key
