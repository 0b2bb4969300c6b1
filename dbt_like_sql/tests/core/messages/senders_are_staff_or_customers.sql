{{ config(severity='warn') }}

-- For every message it is known whether staff or a customer sent it; the others count for neither side.
select day, count(*) as messages
from {{ ref('messages') }}
where is_staff is null
group by day
order by day
