{{ config(materialized='view', event_time='day') }}

-- Days of one unbroken row differ from their rank by the same date.
with ranked as (

    select
        day,
        ends_at,
        day - (row_number() over (order by day))::integer as island
    from {{ ref('stored_days') }}

)

select
    day,
    ends_at,
    min(day) over (partition by island) as known_since
from ranked
