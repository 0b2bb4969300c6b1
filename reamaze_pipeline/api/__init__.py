"""Talks to Re:amaze: one reliable request, strictly read pages, exact windows.

Knows neither Dagster nor DuckDB.
"""
