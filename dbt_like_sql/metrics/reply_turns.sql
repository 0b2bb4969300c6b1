{{ config(materialized='view', event_time='day') }}
{%- set scheduled = has_schedule() %}

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
        sender_key,
        sender_name,
        origin,
        origin_name,
        category_slug,
        category_name,
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
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    {{ seconds_between('opened_at', 'replied_at') }} as seconds,
    {% if scheduled -%}
    {{ business_seconds_between('opened_at', 'replied_at') }} as business_seconds,
    {%- else -%}
    null::double as business_seconds,
    {%- endif %}
    is_first
from turns
{%- if scheduled %}
asof left join {{ ref('business_hours') }} as at_end on turns.replied_at >= at_end.opens_at
asof left join {{ ref('business_hours') }} as at_start on turns.opened_at >= at_start.opens_at
{%- endif %}
