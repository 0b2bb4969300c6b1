{{ config(materialized='view') }}

-- Everything that is known of a conversation when the newest stored day ends, added up from its days.
with days as (

    select
        *,
        -- What was said last on the day before on which anything was.
        lag(last_said ignore nulls) over (partition by conversation_slug order by day) as said_before
    from {{ ref('conversation_days') }}

),

turned as (

    select
        *,
        first_said.speaker = 'staff' and said_before.speaker = 'customer' as closes_a_turn,
        first_said.speaker = 'customer' and said_before.speaker = 'staff' as returns
    from days

),

summed as (

    select
        conversation_slug,
        min(conversation_created_at) as conversation_created_at,
        min(conversation_day) as conversation_day,
        min(day) as first_day,
        sum(message_count)::bigint as message_count,
        sum(customer_message_count)::bigint as customer_message_count,
        sum(response_count)::bigint as response_count,
        sum(note_count)::bigint as note_count,
        sum(collision_count)::bigint as collision_count,
        list_sort(list_distinct(flatten(list(staff_keys)))) as staff_keys,
        list_sort(list_distinct(flatten(list(customer_keys)))) as customer_keys,
        list_sort(list_distinct(flatten(list(customer_emails)))) as customer_emails,
        min(first_customer_message_at) as first_customer_message_at,
        max(last_response_at) as last_response_at,
        max(day) filter (where dated_response_count > 0) as last_response_day,
        list(waiting_since) filter (where waiting_since is not null) as waits,
        (sum(turn_count) + count(*) filter (where closes_a_turn))::bigint as turn_count,
        (sum(return_count) + count(*) filter (where returns))::bigint as return_count,
        max(greatest(last_returned_at, if(returns, first_said.at, null))) as last_returned_at,
        max(greatest(
            longest_return_seconds,
            if(returns, (epoch_us(first_said.at) - epoch_us(said_before.at)) / 1000000, null)
        )) as longest_return_seconds,
        arg_min(first_said, day) as first_said,
        arg_max(last_said, day) as last_said,
        arg_max(category_slug, day) as category_slug,
        arg_max(category_name, day) as category_name
    from turned
    group by conversation_slug

),

newest as (

    select arg_max(known_since, day) as known_since
    from {{ ref('stored_history') }}

),

known as (

    select
        summed.*,
        coalesce(conversation_day is not null and least(conversation_day, first_day) >= known_since, false) as is_complete,
        coalesce(last_response_day >= known_since, false) as is_answered_since
    from summed
    cross join newest

)

select
    known.conversation_slug as conversation_slug,
    least(known.conversation_created_at, first_said.at) as opened_at,
    replied.opened_by_staff as opened_by_staff,
    is_complete,
    known.first_customer_message_at as first_customer_message_at,
    responded.first_response_at as first_response_at,
    responded.seconds as first_response_seconds,
    responded.business_seconds as first_response_business_seconds,
    responded.sender_key as first_response_sender_key,
    replied.first_reply_at as first_reply_at,
    replied.seconds as first_reply_seconds,
    replied.business_seconds as first_reply_business_seconds,
    message_count,
    customer_message_count,
    response_count,
    note_count,
    collision_count,
    turn_count,
    len(staff_keys) as staff_count,
    len(customer_keys) as customer_count,
    greatest(len(staff_keys) - 1, 0) as handoff_count,
    [key for key in staff_keys if not starts_with(key, ' ')] as staff_emails,
    customer_emails,
    return_count,
    last_returned_at,
    longest_return_seconds,
    last_said.at as last_message_at,
    last_said.speaker as last_speaker,
    last_response_at,
    if(
        is_complete or is_answered_since,
        list_min([wait for wait in waits if last_response_at is null or wait > last_response_at]),
        null
    ) as waiting_since,
    known.category_slug as category_slug,
    known.category_name as category_name,
    first_said.origin as first_origin,
    first_said.origin_name as first_origin_name,
    last_said.origin as last_origin,
    last_said.origin_name as last_origin_name
from known
left join {{ ref('first_response_times') }} as responded on responded.conversation_slug = known.conversation_slug
left join {{ ref('first_reply_times') }} as replied on replied.conversation_slug = known.conversation_slug
