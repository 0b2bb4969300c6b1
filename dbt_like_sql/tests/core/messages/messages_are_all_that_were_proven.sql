-- Each day holds exactly as many messages as the crawl proved there are.
with proven as (

    select day, (details ->> 'messages')::bigint as messages
    from {{ source('meta', 'partitions') }}
    where schema_name = 'raw' and table_name = 'message_pages'

),

stored as (

    select day, count(*) as messages
    from {{ ref('messages') }}
    group by day

)

select
    coalesce(proven.day, stored.day) as day,
    proven.messages as proven,
    coalesce(stored.messages, 0) as stored
from proven
full join stored on stored.day = proven.day
where proven.messages is distinct from coalesce(stored.messages, 0)
