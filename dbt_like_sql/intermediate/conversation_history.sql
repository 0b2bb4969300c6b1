{{ config(materialized='view', event_time='day') }}

-- A view: exact whatever order the days are stored in. It joins a conversation's days with one another, so a reader
-- who asks for one day makes DuckDB look at the conversations of that day alone.
with looked_back as (

    select
        today.day as day,
        today.conversation_slug as conversation_slug,
        min(past.conversation_created_at) as conversation_created_at,
        if(min(past.conversation_day) is null, null, least(min(past.conversation_day), min(past.day))) as start_day,
        min(past.first_customer_message_at) as first_customer_message_at,
        min(past.first_response_at) as first_response_at,
        min(past.day) filter (where past.dated_response_count > 0) as first_response_day,
        list({'day': past.day, 'start': past.conversation_day}) filter (where past.conversation_day is not null) as told,
        min(past.day) as first_day,
        max(past.last_response_at) filter (where past.day < today.day) as last_response_before,
        max(past.day) filter (where past.dated_response_count > 0 and past.day < today.day) as last_response_day_before,
        list(past.waiting_since) filter (where past.waiting_since is not null and past.day < today.day) as waits_before,
        coalesce(sum(past.dated_response_count) filter (where past.day < today.day), 0)::bigint as responses_before,
        any_value(today.response_count) as responses_today,
        sum(past.response_count)::bigint as response_count,
        sum(past.response_count + past.customer_message_count)::bigint as thread_size,
        list_sort(list_distinct(flatten(list(past.customer_emails)))) as customer_emails,
        list_sort(list_distinct(flatten(list(past.staff_keys)))) as staff_keys
    from {{ ref('conversation_days') }} as today
    inner join {{ ref('conversation_days') }} as past
        on past.conversation_slug = today.conversation_slug and past.day <= today.day
    group by today.day, today.conversation_slug

)

select
    looked_back.day as day,
    conversation_slug,
    conversation_created_at,
    start_day,
    known_since,
    coalesce(start_day >= known_since, false) as start_known,
    coalesce(start_day >= known_since or last_response_day_before >= known_since, false) as wait_known,
    first_customer_message_at,
    first_response_at,
    first_response_day,
    list_min([least(said.start, first_day) for said in told if said.day <= first_response_day])
        as start_day_at_first_response,
    last_response_before,
    list_min([wait for wait in waits_before if last_response_before is null or wait > last_response_before])
        as waiting_since_before,
    responses_before,
    responses_today,
    response_count,
    thread_size,
    customer_emails,
    staff_keys
from looked_back
inner join {{ ref('stored_history') }} as stored on stored.day = looked_back.day
