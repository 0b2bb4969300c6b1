{{ config(materialized='view') }}

with weekdays as (

    select weekday, hour
    from (select unnest(range(1, 8))::integer as weekday)
    cross join (select unnest(range(24))::integer as hour)

),

weeks as (

    select isodow(day)::integer as weekday, count(*) as week_count
    from {{ ref('stored_days') }}
    group by isodow(day)

),

received as (

    select weekday, hour, sum(messages_received)::bigint as messages_received
    from {{ ref('hourly_volume') }}
    group by weekday, hour

)

select
    weekdays.weekday as weekday,
    weekdays.hour as hour,
    if(week_count is null, null, coalesce(messages_received, 0) / week_count) as messages_per_week,
    coalesce(messages_received, 0) as messages_received,
    coalesce(week_count, 0) as week_count
from weekdays
left join weeks on weeks.weekday = weekdays.weekday
left join received on received.weekday = weekdays.weekday and received.hour = weekdays.hour
