-- The counts of a day's origins, with what was left out, sum to the day's messages.
with counted as (

    select
        day,
        sum(message_count + excluded_message_count) as messages,
        sum(staff_message_count + customer_message_count) as sides
    from {{ ref('messages_per_origin') }}
    group by day

),

stored as (

    select day, count(*) as messages, count(is_staff) filter (where not is_excluded) as sides
    from {{ ref('counted_messages') }}
    group by day

)

select
    coalesce(counted.day, stored.day) as day,
    counted.messages as counted,
    stored.messages as stored
from counted
full join stored on stored.day = counted.day
where (counted.messages, counted.sides) is distinct from (stored.messages, stored.sides)
