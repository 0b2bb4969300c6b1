{{ config(materialized='incremental', event_time='day') }}

with unfolded as (

    select
        message_id,
        day,
        generate_subscripts(attachments, 1) as position,
        unnest(attachments) as attachment
    from {{ ref('messages') }}

)

select
    message_id,
    day,
    position::integer as position,
    attachment.file_file_name as file_name,
    attachment.file_content_type as content_type,
    {{ whole_number('attachment.file_file_size', 'bigint') }} as file_size,
    attachment.url as url,
    attachment.thumb_url as thumb_url,
    try_cast(attachment."image?" as boolean) as is_image
from unfolded
