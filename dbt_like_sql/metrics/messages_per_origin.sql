{{ config(materialized='incremental', event_time='day') }}

select
    day,
    origin,
    origin_name,
    count(*) filter (where not is_excluded) as message_count,
    count(*) filter (where not is_excluded and is_staff) as staff_message_count,
    count(*) filter (where not is_excluded and not is_staff) as customer_message_count,
    count(*) filter (where is_excluded) as excluded_message_count
from {{ ref('counted_messages') }}
group by day, origin, origin_name
