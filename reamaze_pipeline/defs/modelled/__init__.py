"""Assets that come from files of the project: a table or a view for each SQL file, a seed for each CSV file.

What a file says is read in `reamaze_pipeline.models`; here it becomes what Dagster shows and runs.
"""
