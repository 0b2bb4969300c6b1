"""What Dagster shows of whether the stored days can be trusted; what is compared, and how, is in `audit`."""
