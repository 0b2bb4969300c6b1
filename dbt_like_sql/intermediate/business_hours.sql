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

-- Two days more on either side: the schedule's zone need not be the reporting zone.
calendar as (

    select unnest(generate_series(min(day)::timestamp - interval 2 day, max(day)::timestamp + interval 2 day, interval 1 day))
        as midnight
    from {{ ref('stored_days') }}

),

planned as (

    select
        midnight + to_minutes(opens) as opens,
        midnight + to_minutes(closes) as closes,
        -- By how much the clock is set back about this day.
        (midnight + interval 30 hour) at time zone '{{ zone }}' at time zone 'UTC'
        - (midnight - interval 6 hour) at time zone '{{ zone }}' at time zone 'UTC'
        - interval 36 hour as set_back
    from calendar
    inner join week on week.weekday = isodow(midnight)
    where not list_contains(
        [{% for holiday in schedule.holidays %}'{{ holiday }}'{% if not loop.last %}, {% endif %}{% endfor %}]::date[],
        midnight::date
    )

),

-- DuckDB takes the second of two instants at which the clock shows the same.
timed as (

    select
        {%- for edge in ['opens', 'closes'] %}
        {{ edge }} at time zone '{{ zone }}' at time zone 'UTC'
        - if(
            ({{ edge }} at time zone '{{ zone }}' - set_back) at time zone '{{ zone }}' = {{ edge }},
            set_back,
            interval 0 hour
        ) as {{ edge }}_at{{ '' if loop.last else ',' }}
        {%- endfor %}
    from planned

),

-- A time that the clock leaps over is later than times after it, so that a shift may run into others.
apart as (

    select
        greatest(
            opens_at,
            max(closes_at) over (order by opens_at, closes_at rows between unbounded preceding and 1 preceding)
        ) as opens_at,
        closes_at
    from timed

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
from apart
where closes_at > opens_at
