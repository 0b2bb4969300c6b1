{{ config(materialized='incremental', event_time='day') }}

with unfolded as (

    select
        message_id,
        day,
        generate_subscripts(recipients, 1) as position,
        unnest(recipients) as recipient
    from {{ ref('messages') }}

)

select
    message_id,
    day,
    position::integer as position,
    recipient.name as name,
    recipient.email as email
from unfolded
