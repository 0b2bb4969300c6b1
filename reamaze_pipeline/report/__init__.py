"""The support report: reads the metric tables of a warehouse and writes one HTML page that needs nothing else.

`build` makes and writes a report, `preview` the small Markdown for the Dagster UI; the latter loads no drawing
library, so nothing is imported here. Knows the warehouse alone: nothing of Re:amaze's API, of settings or of
Dagster's assets. What a number means is decided by the models, not here.
"""
