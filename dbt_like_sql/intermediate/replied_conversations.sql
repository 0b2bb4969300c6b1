{{ config(materialized='view', event_time='day') }}

select
    day,
    conversation_slug,
    start_known,
    responses_today,
    if(start_known, response_count, null) as response_count,
    if(start_known, thread_size, null) as thread_size,
    if(start_known, len(staff_keys), null) as staff_count,
    customer_emails
from {{ ref('conversation_history') }}
where responses_today > 0
