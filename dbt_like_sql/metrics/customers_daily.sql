{{ config(materialized='view', event_time='day') }}

-- Who wrote in an earlier conversation within a week and now writes in another has come again.
with met as (

    select
        today.day as day,
        today.customer_key as customer_key,
        bool_or(before.day is not null) as is_returning,
        bool_or(
            coalesce(before.day >= today.day - 7, false)
            and len([slug for slug in before.conversation_slugs if not list_contains(today.conversation_slugs, slug)]) > 0
        ) as is_repeat
    from {{ ref('customer_days') }} as today
    left join {{ ref('customer_days') }} as before
        on before.customer_key = today.customer_key and before.day < today.day
    group by today.day, today.customer_key

)

select
    stored.day as day,
    count(met.customer_key) as customer_count,
    count(*) filter (where not met.is_returning) as new_customer_count,
    count(*) filter (where met.is_returning) as returning_customer_count,
    count(*) filter (where met.is_repeat) as repeat_contact_count,
    stored.known_since as known_since
from {{ ref('stored_history') }} as stored
left join met on met.day = stored.day
group by stored.day, stored.known_since
