"""HTTP: one request made reliable, one page read strictly.

Belongs here: login, retries, rate limit, what an answer means, what a page promises. Does not: which pages to ask for
(`crawl`). Knows neither the crawl nor Dagster, DuckDB or pandas.
"""
