"""The warehouse: tables, partitions and SQL models in DuckDB.

Knows DuckDB, Dagster's IO managers and SQL files; knows nothing of Re:amaze, of settings or of assets.
"""
