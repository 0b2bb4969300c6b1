{{ config(materialized='view') }}

select
    customer_key,
    arg_max(email, day) as email,
    arg_max(name, day) as name,
    min(day) as first_day,
    max(day) as last_day,
    min(first_message_at) as first_message_at,
    max(last_message_at) as last_message_at,
    count(*) as day_count,
    sum(message_count)::bigint as message_count,
    len(list_distinct(flatten(list(conversation_slugs)))) as conversation_count,
    list_sort(list_distinct(flatten(list(origin_names)))) as origin_names
from {{ ref('customer_days') }}
group by customer_key
