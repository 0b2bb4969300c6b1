"""Dagster's home and its records: where they lie, how they are kept open, what they say; and its UI's processes."""
