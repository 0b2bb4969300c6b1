{{ config(materialized='incremental', event_time='day') }}

-- Each response with what preceded it on its own day; `conversation_history` knows the days before.
with spoken as (

    select *
    from {{ ref('counted_messages') }}
    where speaker is not null and conversation_slug is not null and created_at is not null

),

turns as (

    -- How many responses the day held before; at one instant the customer speaks first. Windows, and no lists of a
    -- conversation's instants beside each of its responses: two machines that answer each other fill the memory so.
    select
        *,
        count(*) filter (where speaker = 'staff') over before_it as responses_before,
        max(created_at) filter (where speaker = 'staff') over before_it as previous_response_at
    from spoken
    window before_it as (
        partition by day, conversation_slug
        order by created_at, speaker = 'staff', message_id
        rows between unbounded preceding and 1 preceding
    )

),

placed as (

    select
        *,
        min(created_at) filter (where speaker = 'customer') over (
            partition by day, conversation_slug, responses_before
        ) as opened_at
    from turns

)

select
    message_id,
    day,
    conversation_slug,
    created_at as replied_at,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    (responses_before + 1)::integer as place_in_day,
    previous_response_at,
    opened_at
from placed
where speaker = 'staff'
