{# Blank is absent, and white space around a text says nothing: what Unicode, and so Python's strip(), calls white space. #}
{% macro stripped(text) -%}
    nullif(trim({{ text }}, ' ' || {% for code in [9, 10, 11, 12, 13, 28, 29, 30, 31, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288] %}chr({{ code }}){{ '' if loop.last else ' || ' }}{% endfor %}), '')
{%- endmacro %}

{# A text as it was sent, unless it is blank. #}
{% macro not_blank(text) -%}
    if({{ stripped(text) }} is null, null, {{ text }})
{%- endmacro %}

{# One sender, one key, never null: the email in small letters; without one the name behind a space, which no email begins with. #}
{% macro sender_key(email, name) -%}
    coalesce(lower({{ email }}), ' ' || coalesce({{ name }}, ''))
{%- endmacro %}

{# A whole number written as digits; a cast alone would round 1.5 and take 1_000. #}
{% macro whole_number(text, type) -%}
    if(regexp_full_match({{ text }}, '[+-]?[0-9]+'), try_cast({{ text }} as {{ type }}), null)
{%- endmacro %}

{# A value of a setting as a text in SQL, or null. #}
{% macro text_literal(value) -%}
    {%- if value is none -%} null {%- else -%} '{{ value | replace("'", "''") }}' {%- endif -%}
{%- endmacro %}
