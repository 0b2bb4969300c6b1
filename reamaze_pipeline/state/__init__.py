"""What is stored of each table and day, what is missing or stale, what a run has to mend: by ledger and models."""
