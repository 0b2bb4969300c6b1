{{ config(materialized='incremental', event_time='day') }}

select
    day,
    origin,
    origin_name,
    count(*) as message_count,
    count(*) filter (is_staff) as staff_message_count,
    count(*) filter (not is_staff) as customer_message_count
from {{ ref('messages') }}
group by day, origin, origin_name
