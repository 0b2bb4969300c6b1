{{ config(materialized='view', event_time='day') }}

-- The conversations of `awaiting_reply`, counted. That one looks at all history for each day asked for; this one goes
-- through each conversation once, since whether it waits changes only on a day on which it has messages: years of
-- days were 10 s and 2 GB the other way. A day asked for alone is quicker there.
with so_far as (

    select
        day,
        conversation_slug,
        waiting_since,
        max(last_response_at) over until_today as last_response_at,
        max(last_customer_message_at) over until_today as last_customer_message_at,
        if(
            min(conversation_day) over until_today is null,
            null,
            least(min(conversation_day) over until_today, min(day) over until_today)
        ) as start_day,
        max(day) filter (where dated_response_count > 0) over until_today as last_response_day,
        max(day) filter (where last_customer_message_at is not null) over until_today as last_customer_day,
        count(last_response_at) over until_today as days_with_responses,
        lead(day) over until_today as next_day
    from {{ ref('conversation_days') }}
    window until_today as (partition by conversation_slug order by day)

),

-- A customer's first message after the last response is of the last day with responses, or of a later one.
states as (

    select
        *,
        last_customer_message_at > coalesce(last_response_at, '-infinity'::timestamp) as waits,
        min(waiting_since) over (partition by conversation_slug, days_with_responses order by day) as first_wait_at
    from so_far

),

waiting as (

    select
        stored.day as day,
        stored.ends_at as ends_at,
        stored.known_since as known_since,
        states.conversation_slug as conversation_slug,
        states.last_customer_day >= stored.known_since as is_certain,
        if(
            coalesce(
                states.start_day >= stored.known_since or states.last_response_day >= stored.known_since, false
            ),
            states.first_wait_at,
            null
        ) as waiting_since
    from {{ ref('stored_history') }} as stored
    left join states
        on states.waits and states.day <= stored.day and stored.day < coalesce(states.next_day, 'infinity'::date)

),

counted as (

    select
        day,
        known_since,
        count(conversation_slug) as waiting_count,
        count(*) filter (where age_seconds < 86400) as waiting_under_1d,
        count(*) filter (where age_seconds >= 86400 and age_seconds < 259200) as waiting_1_3d,
        count(*) filter (where age_seconds >= 259200 and age_seconds < 604800) as waiting_3_7d,
        count(*) filter (where age_seconds >= 604800) as waiting_7d_plus,
        count(conversation_slug) - count(age_seconds) as unknown_age_count,
        count(*) filter (where not is_certain) as uncertain_count
    from (select *, {{ seconds_between('waiting_since', 'ends_at') }} as age_seconds from waiting)
    group by day, known_since

),

turned as (

    select
        day,
        waits,
        lag(waits, 1, false) over (partition by conversation_slug order by day) as waited
    from states

),

changes as (

    select
        day,
        count(*) filter (where waits and not coalesce(waited, false)) as added_count,
        count(*) filter (where waited and not coalesce(waits, false)) as answered_count
    from turned
    group by day

)

select
    counted.day as day,
    waiting_count,
    waiting_under_1d,
    waiting_1_3d,
    waiting_3_7d,
    waiting_7d_plus,
    unknown_age_count,
    uncertain_count,
    if(known_since < counted.day, coalesce(added_count, 0), null) as added_count,
    if(known_since < counted.day, coalesce(answered_count, 0), null) as answered_count
from counted
left join changes on changes.day = counted.day
