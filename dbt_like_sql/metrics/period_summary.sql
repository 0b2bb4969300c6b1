{{ config(materialized='view') }}

-- Medians and percentiles over all turns of the period: the mean of daily medians is neither.
with days as (

    {% for period in ['week', 'month'] -%}
    select
        '{{ period }}' as period,
        date_trunc('{{ period }}', day)::date as first_day,
        (date_trunc('{{ period }}', day) + interval 1 {{ period }} - interval 1 day)::date as last_day,
        day,
        message_count,
        messages_received,
        response_count
    from {{ ref('stored_days') }}
    {%- if not loop.last %}

    union all

    {% endif %}
    {%- endfor %}

),

volume as (

    select
        period,
        first_day,
        last_day,
        count(*) as stored_day_count,
        sum(message_count)::bigint as message_count,
        sum(messages_received)::bigint as messages_received,
        sum(response_count)::bigint as response_count
    from days
    group by period, first_day, last_day

),

answered as (

    select
        period,
        first_day,
        count(seconds) as turn_count,
        count(turns.day) - count(seconds) as unknown_turn_count,
        {{ response_times() }}
    from days
    left join {{ ref('reply_turns') }} as turns on turns.day = days.day
    group by period, first_day

),

begun as (

    select
        period,
        first_day,
        count(seconds) as first_response_count,
        median(seconds) as median_first_response_seconds,
        quantile_cont(seconds, 0.9) as p90_first_response_seconds,
        median(business_seconds) as median_first_response_business_seconds
    from days
    left join {{ ref('first_response_times') }} as responses on responses.day = days.day
    group by period, first_day

)

select
    volume.*,
    answered.* exclude (period, first_day),
    begun.* exclude (period, first_day)
from volume
inner join answered on answered.period = volume.period and answered.first_day = volume.first_day
inner join begun on begun.period = volume.period and begun.first_day = volume.first_day
