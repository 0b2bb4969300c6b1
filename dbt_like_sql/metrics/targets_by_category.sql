{{ config(materialized='view', event_time='day') }}

select
    day,
    target_name,
    category_slug,
    arg_max(category_name, (replied_at, message_id)) as category_name,
    count(is_met) as measured_count,
    count(*) filter (where is_met) as met_count,
    count(*) filter (where not is_met) as missed_count,
    count(*) - count(is_met) as unknown_count,
    count(*) filter (where is_met) / nullif(count(is_met), 0) as share_met
from {{ ref('target_results') }}
group by day, target_name, category_slug
