{# What any group of replies that a target measures says of it: `is_met` may be unknown. #}
{% macro target_counts() -%}
    count(is_met) as measured_count,
    count(*) filter (where is_met) as met_count,
    count(*) filter (where not is_met) as missed_count,
    count(*) - count(is_met) as unknown_count,
    count(*) filter (where is_met) / nullif(count(is_met), 0) as share_met
{%- endmacro %}
