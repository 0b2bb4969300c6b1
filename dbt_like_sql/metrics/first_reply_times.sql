{{ config(materialized='view', event_time='day') }}
{%- set has_schedule = var('business_hours', none) is not none %}

-- Staff opened a conversation if no customer had spoken by its first response; then the second response counts.
with placed as (

    select
        responses.*,
        history.conversation_created_at as conversation_created_at,
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
        sender_name,
        origin,
        origin_name,
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
    sender_name,
    origin,
    origin_name,
    (epoch_us(replied_at) - epoch_us(conversation_created_at)) / 1000000 as seconds,
    {% if has_schedule -%}
    if(
        conversation_created_at is null,
        null,
        coalesce(at_reply.seconds_before + (epoch_us(least(replied_at, at_reply.closes_at)) - epoch_us(at_reply.opens_at)) / 1000000, 0)
        - coalesce(at_open.seconds_before + (epoch_us(least(conversation_created_at, at_open.closes_at)) - epoch_us(at_open.opens_at)) / 1000000, 0)
    ) as business_seconds
    {%- else -%}
    null::double as business_seconds
    {%- endif %}
from credited
{%- if has_schedule %}
asof left join {{ ref('business_hours') }} as at_reply on credited.replied_at >= at_reply.opens_at
asof left join {{ ref('business_hours') }} as at_open on credited.conversation_created_at >= at_open.opens_at
{%- endif %}
