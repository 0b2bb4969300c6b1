{{ config(materialized='view', event_time='day') }}

-- A view over every earlier day, as `awaiting_reply` is: ask it for few days at a time.
with waiting as (

    select
        stored.day as day,
        stored.known_since as known_since,
        count(now.conversation_slug) as waiting_count,
        count(*) filter (where age_seconds < 86400) as waiting_under_1d,
        count(*) filter (where age_seconds >= 86400 and age_seconds < 259200) as waiting_1_3d,
        count(*) filter (where age_seconds >= 259200 and age_seconds < 604800) as waiting_3_7d,
        count(*) filter (where age_seconds >= 604800) as waiting_7d_plus,
        count(now.conversation_slug) - count(age_seconds) as unknown_age_count,
        count(*) filter (where not is_certain) as uncertain_count
    from {{ ref('stored_history') }} as stored
    left join {{ ref('awaiting_reply') }} as now on now.day = stored.day
    group by stored.day, stored.known_since

),

-- Whether a conversation waits changes only on a day on which it has messages.
states as (

    select
        today.day as day,
        max(past.last_customer_message_at) > coalesce(max(past.last_response_at), '-infinity'::timestamp) as waits,
        max(past.last_customer_message_at) filter (where past.day < today.day)
        > coalesce(max(past.last_response_at) filter (where past.day < today.day), '-infinity'::timestamp) as waited
    from {{ ref('conversation_days') }} as today
    inner join {{ ref('conversation_days') }} as past
        on past.conversation_slug = today.conversation_slug and past.day <= today.day
    group by today.day, today.conversation_slug

),

changes as (

    select
        day,
        count(*) filter (where waits and not coalesce(waited, false)) as added_count,
        count(*) filter (where waited and not coalesce(waits, false)) as answered_count
    from states
    group by day

)

select
    waiting.day as day,
    waiting_count,
    waiting_under_1d,
    waiting_1_3d,
    waiting_3_7d,
    waiting_7d_plus,
    unknown_age_count,
    uncertain_count,
    if(known_since < waiting.day, coalesce(added_count, 0), null) as added_count,
    if(known_since < waiting.day, coalesce(answered_count, 0), null) as answered_count
from waiting
left join changes on changes.day = waiting.day
