{# What the response metrics say of any group of closed turns, whose `seconds` may be unknown. #}
{# Means divide exact sums: doubles added in another order would differ in the last digit. #}
{% macro response_times() -%}
    median(seconds) as median_seconds,
    quantile_cont(seconds, 0.9) as p90_seconds,
    sum(seconds::decimal(20, 6))::double / count(seconds) as mean_seconds,
    count(*) filter (where seconds < 3600) / nullif(count(seconds), 0) as share_under_1h,
    count(*) filter (where seconds < 86400) / nullif(count(seconds), 0) as share_under_1d,
    count(*) filter (where seconds < 604800) / nullif(count(seconds), 0) as share_under_1w,
    count(*) filter (where seconds < 3600) as turns_0_1h,
    count(*) filter (where seconds >= 3600 and seconds < 14400) as turns_1_4h,
    count(*) filter (where seconds >= 14400 and seconds < 28800) as turns_4_8h,
    count(*) filter (where seconds >= 28800 and seconds < 86400) as turns_8_24h,
    count(*) filter (where seconds >= 86400) as turns_24h_plus,
    median(business_seconds) as median_business_seconds,
    quantile_cont(business_seconds, 0.9) as p90_business_seconds,
    sum(business_seconds::decimal(20, 6))::double / count(business_seconds) as mean_business_seconds
{%- endmacro %}
