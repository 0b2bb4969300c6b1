{{ config(materialized='view', event_time='day') }}

select
    day,
    target_name,
    category_slug,
    arg_max(category_name, (replied_at, message_id)) as category_name,
    {{ target_counts() }}
from {{ ref('target_results') }}
group by day, target_name, category_slug
