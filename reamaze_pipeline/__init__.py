"""Every Re:amaze message in a DuckDB warehouse, day by day, exactly once."""

__version__ = "0.1.0"
