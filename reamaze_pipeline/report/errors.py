"""What can be wrong with asking for a report. What the warehouse refuses is in the warehouse's own errors."""

from __future__ import annotations

from reamaze_pipeline.warehouse.errors import UsageRefused, WarehouseError


class PeriodRefused(UsageRefused):
    """The days asked for are no period; wrong usage, not a failure."""


class NotComputed(WarehouseError):
    """A metric is not in this warehouse (yet); the page says so in place of the section."""


class DrawingFailed(Exception):
    """The drawing library ended or refused a chart; the text says what to do."""
