-- The responses and notes of a day's senders sum to the day's staff messages of visibility 0 and 1 that count.
with counted as (

    select day, sum(response_count) as responses, sum(internal_note_count) as notes
    from {{ ref('staff_response_counts') }}
    group by day

),

stored as (

    select
        day,
        count(*) filter (where visibility = 0) as responses,
        count(*) filter (where visibility = 1) as notes
    from {{ ref('counted_messages') }}
    where is_staff and not is_excluded
    group by day

)

select
    coalesce(counted.day, stored.day) as day,
    counted.responses as counted,
    stored.responses as stored
from counted
full join stored on stored.day = counted.day
where (coalesce(counted.responses, 0), coalesce(counted.notes, 0))
    is distinct from (coalesce(stored.responses, 0), coalesce(stored.notes, 0))
