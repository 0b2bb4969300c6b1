"""Everything that can go wrong in the warehouse, as one tree.

Each message is one line that says what to do. No message holds a value read from a row, because rows hold
people's words and addresses. Other rooms' errors do not belong here.
"""

from __future__ import annotations

from pathlib import Path


class WarehouseError(Exception):
    """Base of every error this room raises on purpose."""


class UsageRefused(WarehouseError):
    """What was asked for cannot be; asking otherwise would help, trying again would not."""


class DatabaseUnavailable(WarehouseError):
    """The file cannot be opened and waiting would not help: a wrong path, no permission, not DuckDB's."""


class DatabaseLocked(WarehouseError):
    """Another program (or another thread of this one) held the file for longer than we agreed to wait."""


class TableRefused(WarehouseError):
    """What should be stored does not fit the declared table; what is stored was left as it is."""


class RowsOutsidePartition(TableRefused):
    """Rows of days that are not being replaced; storing them would duplicate or hide them."""


class SchemaChangeRefused(TableRefused):
    """The stored table differs from the declared one by more than added columns."""


class PartitionMissing(WarehouseError):
    """A table or day was asked for that was never stored."""


class SeedError(WarehouseError):
    """A seed's CSV file cannot be loaded."""


class ModelError(WarehouseError):
    """A SQL model, its schema.yml or the project around them is wrong.

    ``str()`` begins with ``file:line:`` so that editors and people find the place.
    """

    def __init__(self, path: Path, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = " ".join(reason.split())
        super().__init__(f"{path}:{line}: {self.reason}")
