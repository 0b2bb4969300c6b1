{{ config(materialized='view', event_time='day') }}

-- What a conversation's latest day says holds until its next one, so each day is looked at once and not per day asked for.
with known as (

    select
        day,
        lead(day) over so_far as next_day,
        conversation_slug,
        min(conversation_day) over so_far as conversation_day,
        min(day) over so_far as first_day,
        max(if(dated_response_count > 0, day, null)) over so_far as last_response_day,
        max(last_response_at) over so_far as last_response_at,
        max(last_customer_message_at) over so_far as last_customer_message_at,
        max(if(last_customer_message_at is not null, day, null)) over so_far as last_customer_day,
        list(waiting_since) over so_far as waits
    from {{ ref('conversation_days') }}
    window so_far as (partition by conversation_slug order by day)

),

waiting as (

    select
        *,
        list_min([wait for wait in waits if last_response_at is null or wait > last_response_at]) as waiting_since,
        least(conversation_day, if(conversation_day is null, null, first_day)) as start_day
    from known
    where last_customer_message_at > coalesce(last_response_at, '-infinity'::timestamp)

),

as_of as (

    select
        stored.day as day,
        stored.ends_at as ends_at,
        conversation_slug,
        last_customer_message_at,
        last_customer_day >= known_since as is_certain,
        if(
            coalesce(start_day >= known_since or last_response_day >= known_since, false), waiting_since, null
        ) as waiting_since
    from {{ ref('stored_history') }} as stored
    inner join waiting
        on waiting.day <= stored.day and stored.day < coalesce(waiting.next_day, 'infinity'::date)

)

select
    day,
    conversation_slug,
    waiting_since,
    last_customer_message_at,
    (epoch_us(ends_at) - epoch_us(waiting_since)) / 1000000 as age_seconds,
    is_certain
from as_of
