{{ config(severity='warn') }}

-- Every origin code is one that Re:amaze documents; others are kept, labelled "Unknown (N)" and listed here.
select day, origin, count(*) as messages
from {{ ref('messages') }}
where origin is null or origin not in (select code from {{ ref('origins') }})
group by all
order by messages desc
