"""Every Re:amaze message in a DuckDB warehouse, day by day, exactly once.

What stands here is for other people's Dagster projects, and a promise that versions keep. It is loaded when it is asked
for, so that `import reamaze_pipeline` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reamaze_pipeline.component import ReamazeComponent as ReamazeComponent
    from reamaze_pipeline.definitions import build_defs as build_defs
    from reamaze_pipeline.defs.resources import ReamazeResource as ReamazeResource
    from reamaze_pipeline.deployment import Deployment as Deployment
    from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse as DuckDBWarehouse

__version__ = "0.1.0"

__all__ = ["Deployment", "DuckDBWarehouse", "ReamazeComponent", "ReamazeResource", "build_defs"]

_WHERE = {
    "Deployment": "reamaze_pipeline.deployment",
    "DuckDBWarehouse": "reamaze_pipeline.warehouse.io_manager",
    "ReamazeComponent": "reamaze_pipeline.component",
    "ReamazeResource": "reamaze_pipeline.defs.resources",
    "build_defs": "reamaze_pipeline.definitions",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
