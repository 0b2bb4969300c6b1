{{ config(meta={'blocking': false}) }}

-- Every day was shown to be whole when it was fetched; with REAMAZE_UNPROVEN=keep others are stored and marked.
select unproven.day, unproven.contradiction
from (
    select day, details ->> 'unproven' as contradiction
    from {{ source('meta', 'partitions') }}
    where schema_name = 'raw' and table_name = 'message_pages'
) as unproven
where unproven.contradiction is not null and unproven.contradiction <> ''
