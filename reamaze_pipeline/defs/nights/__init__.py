"""What Dagster shows of nights beside the runs themselves: is the newest day whole, is anything missing, what is today.

What a night does is in `schedules`, what is missing or stale in `reamaze_pipeline.state`.
"""
