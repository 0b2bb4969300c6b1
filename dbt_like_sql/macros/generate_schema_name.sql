{# A table's schema is the folder its file lies in, spelled exactly so. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ node.original_file_path.replace('\\', '/').split('/')[0] }}
{%- endmacro %}
