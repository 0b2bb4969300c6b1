{{ config(materialized='incremental', event_time='day') }}

-- DuckDB computes 2,048 rows at a time, and so many pages are 40 MB. Where each comes 32 times and one of them is kept,
-- it is 64 pages at a time: they stay in the processor's cache, which takes a quarter less time.
with repeated_pages as (

    select
        *,
        unnest(range(32)) as repetition
    from {{ source('raw', 'message_pages') }}

),

-- Types that fail no row: text everywhere, cast with try_cast below. Parsed once, here and nowhere else.
pages as (

    select
        day,
        audience,
        page,
        kept_rows,
        kept_is_staff,
        kept_created_at,
        kept_conversation_created_at,
        kept_created_at is null as is_without_times,
        from_json(payload, '{"messages": [{
            "body": "VARCHAR",
            "visibility": "VARCHAR",
            "origin": "VARCHAR",
            "origin_id": "VARCHAR",
            "created_at": "VARCHAR",
            "user": {"name": "VARCHAR", "email": "VARCHAR", "mobile": "VARCHAR"},
            "recipients": [{"name": "VARCHAR", "email": "VARCHAR"}],
            "attachments": [{
                "file_file_name": "VARCHAR", "file_content_type": "VARCHAR", "file_file_size": "VARCHAR",
                "url": "VARCHAR", "thumb_url": "VARCHAR", "image?": "VARCHAR"
            }],
            "conversation": {
                "slug": "VARCHAR", "subject": "VARCHAR", "created_at": "VARCHAR",
                "category": {"slug": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR", "channel": "VARCHAR"}
            }
        }]}').messages as messages
    from repeated_pages
    where repetition = 0

),

kept as (

    select
        day,
        audience,
        page,
        messages,
        is_without_times,
        unnest(kept_rows) as place,
        unnest(kept_is_staff) as is_staff,
        unnest(kept_created_at) as created_at,
        unnest(kept_conversation_created_at) as conversation_created_at
    from pages

),

picked as (

    select
        day,
        audience,
        page,
        place,
        is_staff,
        is_without_times,
        created_at,
        conversation_created_at,
        messages[place + 1] as message
    from kept

),

typed as (

    select
        day,
        audience,
        page,
        place,
        is_staff,
        -- The crawl read the times, and by them chose the day. Only pages stored before it kept what it read are read here
        -- as they always were: in microseconds, because a conversion by time zone takes three times as long.
        if(
            is_without_times,
            make_timestamp(epoch_us(try_cast(message.created_at as timestamptz))),
            created_at
        ) as created_at,
        message.created_at as created_at_text,
        message.conversation.slug as conversation_slug,
        message.conversation.subject as subject,
        if(
            is_without_times,
            make_timestamp(epoch_us(try_cast(message.conversation.created_at as timestamptz))),
            conversation_created_at
        ) as conversation_created_at,
        message.conversation.category.slug as category_slug,
        message.conversation.category.name as category_name,
        message.conversation.category.email as category_email,
        {{ whole_number('message.conversation.category.channel', 'integer') }} as channel,
        message.user.name as sender_name,
        message.user.email as sender_email,
        message.user.mobile as sender_mobile,
        message.origin as origin_text,
        {{ whole_number('message.origin', 'integer') }} as origin,
        message.visibility as visibility_text,
        {{ whole_number('message.visibility', 'integer') }} as visibility,
        message.body as body,
        message.origin_id as origin_id,
        coalesce(message.recipients, []) as recipients,
        coalesce(message.attachments, []) as attachments
    from picked

),

-- What never changes about a message, so that each fetch and each revision of the API gives it the same digest.
identified as materialized (

    select
        *,
        md5(json_array(
            conversation_slug,
            coalesce(created_at::varchar, day || ' ' || coalesce(created_at_text, '')),
            sender_email,
            visibility_text,
            origin_text,
            body
        )::varchar) as digest
    from typed

),

-- Messages that agree in all of that are told apart by their number among them. Only these few are sorted: sorting all
-- rows takes as long as parsing them.
repeated as (

    select
        day,
        digest
    from identified
    group by day, digest
    having count(*) > 1

),

numbered as (

    select
        *,
        1 as ordinal
    from identified
    where (day, digest) not in (select (day, digest) from repeated)

    union all

    select
        *,
        row_number() over (
            partition by day, digest
            order by origin_id, recipients, attachments, audience, page, place
        ) as ordinal
    from identified
    where (day, digest) in (select (day, digest) from repeated)

)

select
    if(ordinal = 1, digest, md5(digest || '/' || ordinal)) as message_id,
    created_at,
    day,
    conversation_slug,
    sender_name,
    sender_email,
    sender_mobile,
    is_staff,
    origin,
    coalesce(origins.name, 'Unknown (' || origin_text || ')', 'Unknown') as origin_name,
    visibility,
    coalesce(visibilities.name, 'Unknown (' || visibility_text || ')', 'Unknown') as visibility_name,
    subject,
    body,
    origin_id,
    category_slug,
    category_name,
    category_email,
    channel,
    conversation_created_at,
    len(recipients)::integer as recipient_count,
    len(attachments)::integer as attachment_count,
    recipients,
    attachments
from numbered
left join {{ ref('origins') }} as origins on origins.code = origin
left join {{ ref('visibilities') }} as visibilities on visibilities.code = visibility
