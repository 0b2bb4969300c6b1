"""When things run, and what Dagster shows of nights: is the newest day whole, is anything missing, what is today.

What is missing or stale is told by `reamaze_pipeline.state`.
"""
