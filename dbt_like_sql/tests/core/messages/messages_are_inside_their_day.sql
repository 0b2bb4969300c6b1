-- Every message lies inside its day, midnight to midnight in REAMAZE_TIMEZONE.
select day, count(*) as messages
from {{ ref('messages') }}
where created_at is not null
    and (created_at at time zone 'UTC' at time zone '{{ var("timezone", "UTC") }}')::date <> day
group by day
