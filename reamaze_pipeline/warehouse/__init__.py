"""Days stored in one transaction, in a DuckDB file.

The door is `io_manager.DuckDBWarehouse`; behind it, rows are staged (`staging`) and stored (`partition`) with a note in
the `ledger`. `connection` and `engine` open the file, `catalog` brings tables to what is declared, `table` and
`day_filter` are the values. Knows DuckDB and Dagster's IO managers; nothing of Re:amaze, of models or of settings.
"""
