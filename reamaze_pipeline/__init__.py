"""Every Re:amaze message in a DuckDB warehouse, day by day, exactly once."""
