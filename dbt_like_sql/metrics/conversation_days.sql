{{ config(materialized='incremental', event_time='day') }}

-- Says nothing of other days, so it is the same in whatever order days are stored; what looks back adds these rows up.
with summed as (

    select
        day,
        conversation_slug,
        min(conversation_created_at) as conversation_created_at,
        count(*) as message_count,
        count(*) filter (where speaker = 'customer') as customer_message_count,
        count(*) filter (where speaker = 'staff') as response_count,
        count(*) filter (where speaker = 'staff' and created_at is not null) as dated_response_count,
        min(created_at) filter (where speaker = 'customer') as first_customer_message_at,
        max(created_at) filter (where speaker = 'customer') as last_customer_message_at,
        min(created_at) filter (where speaker = 'staff') as first_response_at,
        max(created_at) filter (where speaker = 'staff') as last_response_at,
        list(created_at) filter (where speaker = 'customer') as asked,
        list(lower(sender_email)) filter (where speaker = 'customer') as customers,
        list(sender_key) filter (where speaker = 'staff') as staff
    from {{ ref('counted_messages') }}
    where conversation_slug is not null and not is_excluded
    group by day, conversation_slug

)

select
    day,
    conversation_slug,
    conversation_created_at,
    ((conversation_created_at at time zone 'UTC') at time zone '{{ var("timezone", "UTC") | replace("'", "''") }}')::date
        as conversation_day,
    message_count,
    customer_message_count,
    response_count,
    dated_response_count,
    first_customer_message_at,
    last_customer_message_at,
    first_response_at,
    last_response_at,
    -- At one instant the customer speaks first, so only a later message waits.
    list_min([instant for instant in asked if last_response_at is null or instant > last_response_at]) as waiting_since,
    coalesce(list_sort(list_distinct(customers)), []) as customer_emails,
    coalesce(list_sort(list_distinct(staff)), []) as staff_keys
from summed
