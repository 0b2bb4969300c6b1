{{ config(materialized='view', event_time='day') }}

with replied as (

    select
        stored.day as day,
        count(conversations.conversation_slug) as conversations_replied_to,
        count(*) filter (where not conversations.start_known) as unknown_start_count,
        len(list_distinct(flatten(coalesce(list(conversations.customer_emails), [])))) as customers_helped
    from {{ ref('stored_history') }} as stored
    left join {{ ref('replied_conversations') }} as conversations on conversations.day = stored.day
    group by stored.day

),

-- By the day of their creation, on whichever day their first message lies.
begun as (

    select
        stored.day as day,
        count(distinct conversations.conversation_slug) as new_conversations
    from {{ ref('stored_history') }} as stored
    left join {{ ref('conversation_days') }} as conversations on conversations.conversation_day = stored.day
    group by stored.day

)

select
    stored.day as day,
    stored.messages_received as messages_received,
    begun.new_conversations as new_conversations,
    replied.conversations_replied_to as conversations_replied_to,
    replied.customers_helped as customers_helped,
    replied.unknown_start_count as unknown_start_count,
    stored.message_count as message_count,
    stored.response_count as response_count,
    stored.excluded_message_count as excluded_message_count,
    stored.unknown_side_count as unknown_side_count,
    stored.undated_message_count as undated_message_count,
    stored.unthreaded_message_count as unthreaded_message_count,
    stored.early_message_count as early_message_count
from {{ ref('stored_days') }} as stored
inner join begun on begun.day = stored.day
inner join replied on replied.day = stored.day
