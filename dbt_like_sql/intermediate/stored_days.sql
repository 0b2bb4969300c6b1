{{ config(materialized='incremental', event_time='day') }}

-- Stored after the tables that the response metrics add up, so that a day counts as known once these hold it:
-- depends_on: {{ ref('conversation_days') }}
-- depends_on: {{ ref('responses') }}
{%- set zone = var("timezone", "UTC") | replace("'", "''") %}
with stored as (

    select distinct day
    from {{ source('meta', 'partitions') }}
    where schema_name = 'raw' and table_name = 'message_pages' and day is not null

),

counted as (

    select
        day,
        count(*) as message_count,
        count(*) filter (where speaker = 'customer') as messages_received,
        count(*) filter (where speaker = 'staff') as response_count,
        count(*) filter (where is_excluded) as excluded_message_count,
        count(*) filter (where not is_excluded and is_staff is null) as unknown_side_count,
        count(*) filter (where not is_excluded and created_at is null) as undated_message_count,
        count(*) filter (where not is_excluded and conversation_slug is null) as unthreaded_message_count,
        count(*) filter (
            where not is_excluded and conversation_slug is not null and created_at < conversation_created_at
        ) as early_message_count
    from {{ ref('counted_messages') }}
    group by day

),

bounded as (

    select
        *,
        ((day + 1)::timestamp at time zone '{{ zone }}') as midnight
    from stored

)

select
    bounded.day as day,
    -- Where the clock passes midnight twice, a day ends with the first of the two.
    if(
        ((midnight - interval 1 hour) at time zone '{{ zone }}')::date > bounded.day,
        midnight - interval 1 hour,
        midnight
    ) at time zone 'UTC' as ends_at,
    coalesce(message_count, 0) as message_count,
    coalesce(messages_received, 0) as messages_received,
    coalesce(response_count, 0) as response_count,
    coalesce(excluded_message_count, 0) as excluded_message_count,
    coalesce(unknown_side_count, 0) as unknown_side_count,
    coalesce(undated_message_count, 0) as undated_message_count,
    coalesce(unthreaded_message_count, 0) as unthreaded_message_count,
    coalesce(early_message_count, 0) as early_message_count
from bounded
left join counted on counted.day = bounded.day
