{{ config(materialized='view', event_time='day') }}

{#- `targets` is [{name, of, seconds, business, category, origin}], the last two in small letters or null. Without any
    there is no row. -#}

with targets as (

    select *
    from (values (null::varchar, null::varchar, null::double, null::boolean, null::varchar, null::varchar)
        {%- for target in var('targets', []) %}, (
            {{ text_literal(target.name) }}, {{ text_literal(target.of) }}, {{ target.seconds }}::double, {{ target.business }},
            {{ text_literal(target.category) }}, {{ text_literal(target.origin) }}
        ){% endfor %}) as listed (target_name, measure, limit_seconds, is_business, only_category, only_origin)
    where target_name is not null

),

measured as (

    select
        'first_response' as measure, day, conversation_slug, message_id, first_customer_message_at as opened_at,
        first_response_at as replied_at, sender_email, sender_key, sender_name, origin, origin_name, category_slug,
        category_name, seconds, business_seconds
    from {{ ref('first_response_times') }}

    union all

    select
        'next_reply' as measure, day, conversation_slug, message_id, opened_at, replied_at, sender_email, sender_key,
        sender_name, origin, origin_name, category_slug, category_name, seconds, business_seconds
    from {{ ref('next_reply_times') }}

)

select
    day,
    target_name,
    measured.measure as measure,
    conversation_slug,
    message_id,
    opened_at,
    replied_at,
    sender_email,
    sender_key,
    sender_name,
    origin,
    origin_name,
    category_slug,
    category_name,
    is_business,
    limit_seconds,
    if(is_business, business_seconds, seconds) as seconds,
    if(is_business, business_seconds, seconds) <= limit_seconds as is_met
from measured
inner join targets on targets.measure = measured.measure
where (only_category is null or only_category in (lower(category_slug), lower(category_name)))
    and (only_origin is null or only_origin in (origin::varchar, lower(origin_name)))
