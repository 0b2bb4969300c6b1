{{ config(severity='warn') }}

-- Every message has a created_at that can be read; the others are kept in the day of the message above them.
select day, count(*) as messages
from {{ ref('messages') }}
where created_at is null
group by day
order by day
