{{ config(materialized='view', event_time='day') }}

-- A view over every earlier day: ask it for few days at a time.
with as_of as (

    select
        stored.day as day,
        stored.ends_at as ends_at,
        stored.known_since as known_since,
        past.conversation_slug as conversation_slug,
        if(min(past.conversation_day) is null, null, least(min(past.conversation_day), min(past.day))) as start_day,
        max(past.day) filter (where past.dated_response_count > 0) as last_response_day,
        max(past.last_response_at) as last_response_at,
        max(past.last_customer_message_at) as last_customer_message_at,
        max(past.day) filter (where past.last_customer_message_at is not null) as last_customer_day,
        list(past.waiting_since) filter (where past.waiting_since is not null) as waits
    from {{ ref('stored_history') }} as stored
    inner join {{ ref('conversation_days') }} as past on past.day <= stored.day
    group by stored.day, stored.ends_at, stored.known_since, past.conversation_slug
    having max(past.last_customer_message_at) > coalesce(max(past.last_response_at), '-infinity'::timestamp)

),

dated as (

    select
        *,
        last_customer_day >= known_since as is_certain,
        if(
            coalesce(start_day >= known_since or last_response_day >= known_since, false),
            list_min([wait for wait in waits if last_response_at is null or wait > last_response_at]),
            null
        ) as waiting_since
    from as_of

)

select
    day,
    conversation_slug,
    waiting_since,
    last_customer_message_at,
    {{ seconds_between('waiting_since', 'ends_at') }} as age_seconds,
    is_certain
from dated
