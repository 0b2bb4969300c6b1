{{ config(materialized='incremental', event_time='day') }}

-- Offsets of time zones are whole quarters of an hour, so it is enough to convert one instant of each quarter.
with quarters as (

    select
        day,
        time_bucket(interval 15 minutes, created_at) as quarter,
        count(*) filter (where speaker = 'customer') as messages_received,
        count(*) filter (where speaker = 'staff') as response_count
    from {{ ref('counted_messages') }}
    where speaker is not null and created_at is not null
    group by day, time_bucket(interval 15 minutes, created_at)

),

placed as (

    select
        *,
        hour((quarter at time zone 'UTC') at time zone '{{ var("timezone", "UTC") | replace("'", "''") }}') as local_hour
    from quarters

)

select
    day,
    isodow(day)::integer as weekday,
    local_hour::integer as hour,
    sum(messages_received)::bigint as messages_received,
    sum(response_count)::bigint as response_count
from placed
group by day, local_hour
