{{ config(severity='warn') }}

-- Every origin code is one that Re:amaze documents; others are kept, labelled "Unknown (N)" and listed here.
select origin, count(*) as messages
from {{ ref('messages') }}
where origin is null or origin not in (select code from {{ ref('origins') }})
group by origin
order by messages desc
