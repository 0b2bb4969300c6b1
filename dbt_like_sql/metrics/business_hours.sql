{{ config(materialized='view') }}

{#- `business_hours` is {timezone, week: [{weekday, opens, closes}], holidays}: weekday 1 = Monday, times in minutes
    after local midnight. Without it there is no row. -#}
{%- set schedule = var('business_hours', none) or {'timezone': 'UTC', 'week': [], 'holidays': []} -%}
{%- set zone = schedule.timezone | replace("'", "''") %}

with week as (

    select *
    from (values (null::integer, null::integer, null::integer){% for shift in schedule.week %}, ({{ shift.weekday }}, {{ shift.opens }}, {{ shift.closes }}){% endfor %})
        as shifts (weekday, opens, closes)
    where weekday is not null

),

-- A day more on either side: the schedule's zone need not be the reporting zone.
calendar as (

    select unnest(generate_series(min(day)::timestamp - interval 2 day, max(day)::timestamp + interval 2 day, interval 1 day))
        as midnight
    from {{ ref('stored_days') }}

),

open as (

    select
        (midnight + to_minutes(opens)) at time zone '{{ zone }}' at time zone 'UTC' as opens_at,
        (midnight + to_minutes(closes)) at time zone '{{ zone }}' at time zone 'UTC' as closes_at
    from calendar
    inner join week on week.weekday = isodow(midnight)
    where not list_contains(
        [{% for holiday in schedule.holidays %}'{{ holiday }}'{% if not loop.last %}, {% endif %}{% endfor %}]::date[],
        midnight::date
    )

)

select
    opens_at,
    closes_at,
    coalesce(
        sum(epoch_us(closes_at) - epoch_us(opens_at)) over (
            order by opens_at rows between unbounded preceding and 1 preceding
        ),
        0
    ) / 1000000 as seconds_before
from open
