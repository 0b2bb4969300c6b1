"""The support report: reads the metric tables of a warehouse and writes one HTML page that needs nothing else.

Knows the warehouse alone: nothing of Re:amaze's API, of settings or of Dagster's assets. What a number means is
decided by the models, not here.
"""

from reamaze_pipeline.report.build import Report, build_report, write_report
from reamaze_pipeline.report.errors import PeriodRefused
from reamaze_pipeline.report.preview import partition_preview

__all__ = ["PeriodRefused", "Report", "build_report", "partition_preview", "write_report"]
