{{ config(materialized='incremental', event_time='day') }}

-- Says nothing of other days, so it is the same in whatever order days are stored; what looks back adds these rows up.
with threaded as (

    select *
    from {{ ref('counted_messages') }}
    where conversation_slug is not null and not is_excluded

),

summed as (

    select
        day,
        conversation_slug,
        min(conversation_created_at) as conversation_created_at,
        count(*) as message_count,
        count(*) filter (where speaker = 'customer') as customer_message_count,
        count(*) filter (where speaker = 'staff') as response_count,
        count(*) filter (where speaker = 'staff' and created_at is not null) as dated_response_count,
        count(*) filter (where visibility = 1) as note_count,
        count(*) filter (where visibility = 2) as collision_count,
        min(created_at) filter (where speaker = 'customer') as first_customer_message_at,
        max(created_at) filter (where speaker = 'customer') as last_customer_message_at,
        min(created_at) filter (where speaker = 'staff') as first_response_at,
        max(created_at) filter (where speaker = 'staff') as last_response_at,
        list(created_at) filter (where speaker = 'customer') as asked,
        list(lower(sender_email)) filter (where speaker = 'customer') as customers,
        list(sender_key) filter (where speaker = 'customer') as askers,
        list(sender_key) filter (where speaker = 'staff') as staff,
        arg_max(category_slug, (coalesce(created_at, day), message_id)) as category_slug,
        arg_max(category_name, (coalesce(created_at, day), message_id)) as category_name
    from threaded
    group by day, conversation_slug

),

-- At one instant the customer speaks first, as in the alphabet.
spoken as (

    select
        day,
        conversation_slug,
        message_id,
        created_at,
        speaker,
        origin,
        origin_name,
        lag(speaker) over in_order as speaker_before,
        lag(created_at) over in_order as spoken_before_at
    from threaded
    where speaker is not null and created_at is not null
    window in_order as (partition by day, conversation_slug order by created_at, speaker, message_id)

),

said as (

    select
        day,
        conversation_slug,
        arg_min(
            {'speaker': speaker, 'at': created_at, 'origin': origin, 'origin_name': origin_name},
            (created_at, speaker, message_id)
        ) as first_said,
        arg_max(
            {'speaker': speaker, 'at': created_at, 'origin': origin, 'origin_name': origin_name},
            (created_at, speaker, message_id)
        ) as last_said,
        count(*) filter (where speaker = 'staff' and speaker_before = 'customer') as turn_count,
        count(*) filter (where speaker = 'customer' and speaker_before = 'staff') as return_count,
        max(created_at) filter (where speaker = 'customer' and speaker_before = 'staff') as last_returned_at,
        max((epoch_us(created_at) - epoch_us(spoken_before_at)) / 1000000) filter (
            where speaker = 'customer' and speaker_before = 'staff'
        ) as longest_return_seconds
    from spoken
    group by day, conversation_slug

)

select
    summed.day as day,
    summed.conversation_slug as conversation_slug,
    conversation_created_at,
    ((conversation_created_at at time zone 'UTC') at time zone '{{ var("timezone", "UTC") | replace("'", "''") }}')::date
        as conversation_day,
    message_count,
    customer_message_count,
    response_count,
    dated_response_count,
    note_count,
    collision_count,
    first_customer_message_at,
    last_customer_message_at,
    first_response_at,
    last_response_at,
    -- At one instant the customer speaks first, so only a later message waits.
    list_min([instant for instant in asked if last_response_at is null or instant > last_response_at]) as waiting_since,
    coalesce(list_sort(list_distinct(customers)), []) as customer_emails,
    coalesce(list_sort(list_distinct(askers)), []) as customer_keys,
    coalesce(list_sort(list_distinct(staff)), []) as staff_keys,
    category_slug,
    category_name,
    first_said,
    last_said,
    coalesce(turn_count, 0) as turn_count,
    coalesce(return_count, 0) as return_count,
    last_returned_at,
    longest_return_seconds
from summed
left join said on said.day = summed.day and said.conversation_slug = summed.conversation_slug
