-- Each message has as many rows here as it has recipients.
with counted as (

    select message_id, count(*) as rows
    from {{ ref('message_recipients') }}
    group by message_id

)

select messages.day, messages.message_id, messages.recipient_count, coalesce(counted.rows, 0) as rows
from {{ ref('messages') }} as messages
left join counted on counted.message_id = messages.message_id
where messages.recipient_count <> coalesce(counted.rows, 0)
