{# No duration is negative: of instants that contradict each other nothing is said. #}
{% macro seconds_between(start, end) -%}
    if({{ end }} >= {{ start }}, (epoch_us({{ end }}) - epoch_us({{ start }})) / 1000000, null)
{%- endmacro %}

{# Whether there is a schedule; one without a shift is none. #}
{% macro has_schedule() -%}
    {{ 'yes' if (var('business_hours', none) or {}).get('week') else '' }}
{%- endmacro %}

{# The part of it inside the schedule. `at_start` and `at_end` are the last shifts of `business_hours` that opened before. #}
{% macro business_seconds_between(start, end) -%}
    if(
        {{ end }} >= {{ start }},
        coalesce(at_end.seconds_before + (epoch_us(least({{ end }}, at_end.closes_at)) - epoch_us(at_end.opens_at)) / 1000000, 0)
        - coalesce(at_start.seconds_before + (epoch_us(least({{ start }}, at_start.closes_at)) - epoch_us(at_start.opens_at)) / 1000000, 0),
        null
    )
{%- endmacro %}
