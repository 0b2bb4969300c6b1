{{ config(materialized='view', event_time='day') }}
{%- set has_schedule = var('business_hours', none) is not none %}

-- Where an earlier message may be missing, the turn stays, and what a missing message could change is null.
with turns as (

    select
        responses.day as day,
        responses.conversation_slug as conversation_slug,
        message_id,
        case
            when responses.previous_response_at is not null then responses.opened_at
            when history.wait_known then coalesce(history.waiting_since_before, responses.opened_at)
        end as opened_at,
        replied_at,
        coalesce(responses.previous_response_at, history.last_response_before) as previous_response_at,
        sender_email,
        sender_name,
        origin,
        origin_name,
        -- A turn was closed before if a customer had spoken before an earlier response.
        case
            when history.first_customer_message_at <= coalesce(responses.previous_response_at, history.last_response_before) then false
            when history.start_known then true
        end as is_first
    from {{ ref('responses') }} as responses
    inner join {{ ref('conversation_history') }} as history
        on history.day = responses.day and history.conversation_slug = responses.conversation_slug
    where
        responses.opened_at is not null
        or (
            responses.previous_response_at is null
            and (history.waiting_since_before is not null or not history.wait_known)
        )

)

select
    turns.day as day,
    conversation_slug,
    message_id,
    opened_at,
    replied_at,
    previous_response_at,
    sender_email,
    sender_name,
    origin,
    origin_name,
    (epoch_us(replied_at) - epoch_us(opened_at)) / 1000000 as seconds,
    {% if has_schedule -%}
    if(
        opened_at is null,
        null,
        coalesce(at_reply.seconds_before + (epoch_us(least(replied_at, at_reply.closes_at)) - epoch_us(at_reply.opens_at)) / 1000000, 0)
        - coalesce(at_open.seconds_before + (epoch_us(least(opened_at, at_open.closes_at)) - epoch_us(at_open.opens_at)) / 1000000, 0)
    ) as business_seconds,
    {%- else -%}
    null::double as business_seconds,
    {%- endif %}
    is_first
from turns
{%- if has_schedule %}
asof left join {{ ref('business_hours') }} as at_reply on turns.replied_at >= at_reply.opens_at
asof left join {{ ref('business_hours') }} as at_open on turns.opened_at >= at_open.opens_at
{%- endif %}
