{{ config(materialized='view') }}

-- A view, so that it is exact whatever order the days are stored in. The newest message speaks for the conversation;
-- message_id settles equal instants.
with conversations as (

    select
        conversation_slug,
        arg_max(
            {
                'subject': subject,
                'category_slug': category_slug,
                'category_name': category_name,
                'channel': channel
            },
            (coalesce(created_at, day), message_id)
        ) as newest,
        min(conversation_created_at) as created_at,
        min(created_at) as first_message_at,
        max(created_at) as last_message_at,
        count(*) as message_count
    from {{ ref('messages') }}
    where {{ stripped('conversation_slug') }} is not null
    group by conversation_slug

)

select
    conversation_slug,
    newest.subject as subject,
    created_at,
    newest.category_slug as category_slug,
    newest.category_name as category_name,
    newest.channel as channel,
    first_message_at,
    last_message_at,
    message_count
from conversations
