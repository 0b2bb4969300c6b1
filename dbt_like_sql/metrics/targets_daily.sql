{{ config(materialized='view', event_time='day') }}

select
    day,
    target_name,
    {{ target_counts() }}
from {{ ref('target_results') }}
group by day, target_name
