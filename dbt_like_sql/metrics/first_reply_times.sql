{{ config(materialized='view', event_time='day') }}
{%- set scheduled = has_schedule() %}

-- Staff opened a conversation if no customer had spoken by its first response; then the second response counts.
with placed as (

    select
        responses.*,
        -- Where the API says that a conversation is younger than what was said in it, the earlier instant counts.
        least(history.conversation_created_at, history.first_customer_message_at, history.first_response_at)
            as conversation_created_at,
        history.start_known as start_known,
        responses.place_in_day + history.responses_before as place,
        coalesce(history.first_customer_message_at > history.first_response_at, true) as opened_by_staff,
        coalesce(at_first.known_since <= history.start_day_at_first_response, false) as first_known
    from {{ ref('responses') }} as responses
    inner join {{ ref('conversation_history') }} as history
        on history.day = responses.day and history.conversation_slug = responses.conversation_slug
    left join {{ ref('stored_history') }} as at_first on at_first.day = history.first_response_day
    where responses.place_in_day + history.responses_before <= 2

),

-- Without its start known, the first stored response stands for the conversation, with null.
credited as (

    select
        day,
        conversation_slug,
        message_id,
        replied_at,
        sender_email,
        sender_key,
        sender_name,
        origin,
        origin_name,
        category_slug,
        category_name,
        if(first_known, opened_by_staff, null) as opened_by_staff,
        if(start_known and first_known, conversation_created_at, null) as conversation_created_at
    from placed
    where place = if(first_known and opened_by_staff, 2, 1)

)

select
    day,
    conversation_slug,
    message_id,
    conversation_created_at,
    replied_at as first_reply_at,
    opened_by_staff,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    {{ seconds_between('conversation_created_at', 'replied_at') }} as seconds,
    {% if scheduled -%}
    {{ business_seconds_between('conversation_created_at', 'replied_at') }} as business_seconds
    {%- else -%}
    null::double as business_seconds
    {%- endif %}
from credited
{%- if scheduled %}
asof left join {{ ref('business_hours') }} as at_end on credited.replied_at >= at_end.opens_at
asof left join {{ ref('business_hours') }} as at_start on credited.conversation_created_at >= at_start.opens_at
{%- endif %}
