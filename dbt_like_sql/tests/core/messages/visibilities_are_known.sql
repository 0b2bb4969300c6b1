{{ config(severity='warn') }}

-- Every visibility code is one that Re:amaze documents; others are kept, labelled "Unknown (N)" and listed here.
select day, visibility, count(*) as messages
from {{ ref('messages') }}
where visibility is null or visibility not in (select code from {{ ref('visibilities') }})
group by all
order by messages desc
