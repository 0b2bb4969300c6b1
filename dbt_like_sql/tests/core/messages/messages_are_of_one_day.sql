-- No message is stored under two days: its id lies in none of the days around its own that are stored.
{# An id holds the instant, and a time zone moves an instant by no more than two days. So it is enough to look that far, and
    since each day is looked at when it is stored, ids are unique over the whole table, whatever it holds. #}
with around as (

    select message_id, day
    from {{ ref('messages').render() }}
    where day between (select min(day) from {{ ref('messages') }}) - 2 and (select max(day) from {{ ref('messages') }}) + 2

)

select message_id, min(day) as day, max(day) as also_under
from around
group by message_id
having count(distinct day) > 1
