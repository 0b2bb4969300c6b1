"""Exact windows out of moving pages. `docs/crawl.md` says how and why, and which of its sections is which module.

The door is `crawl.crawl`; `window` holds the values it takes and gives, `overview` a first look at a brand, `hints`
what stored pages still tell, `progress` what is told meanwhile. Behind it: `reading` (one list read without a gap),
`density` (where in time its places are), `sides` (which rows are from staff). Knows neither Dagster nor DuckDB.
"""
