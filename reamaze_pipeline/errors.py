"""Everything that this package raises on purpose, as one tree, room by room.

Each text is one line that says what happened and what to do about it. It never holds the login, the token, or anything
that a person wrote: rows hold people's words and addresses. What a command makes of an error is in `commands`; what is
retried, in `api`.
"""

from __future__ import annotations

from pathlib import Path


class PipelineError(Exception):
    """The root: catch this to catch all that is raised on purpose."""


class MisuseError(PipelineError):
    """What was asked for cannot be; asking otherwise would help, trying again would not."""


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SettingsError(MisuseError):
    """A setting is missing or malformed; the text names it and says how to mend it."""


# ── api and crawl: between us and Re:amaze ────────────────────────────────────────────────────────────────────────


class ReamazeError(PipelineError):
    """The root of all that goes wrong between us and Re:amaze."""


class LoginRefused(ReamazeError):
    """401 or 403: the login email, the API token or its role is not accepted. Never retried."""


class BrandNotFound(ReamazeError):
    """404: there is no such brand, or the API root is wrong. Never retried."""


class RequestRefused(ReamazeError):
    """Any other 4xx, or a redirect: asking again would change nothing. Never retried."""


class ListNotFound(ReamazeError):
    """404 for a list that is not the brand's: there is no such conversation. Never retried."""


class ListMisnamed(ReamazeError, MisuseError):
    """A list of messages was asked for by a name that is none."""


class ParameterIgnored(ReamazeError):
    """The API answered as if a parameter had not been sent: its answer is not the list that was asked for."""


class ApiUnavailable(ReamazeError):
    """No usable answer after bounded patience: connection errors, timeouts, 429, 5xx."""


class UnexpectedAnswer(ReamazeError):
    """The API answered, but not as promised: not JSON, an error body with status 200, a broken envelope."""


KEEPING = "REAMAZE_UNPROVEN=keep stores what can be had of such a day and marks it"
"""Ends the text of each error that a brand may cause for good by breaking a promise."""


class WindowNotProven(ReamazeError):
    """After bounded effort it could not be shown that a window is complete. Nothing of it may be stored unmarked."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; {KEEPING}")


class DayNotOver(ReamazeError):
    """By the clock of Re:amaze a day is not over that is over by this machine's. None of it may be stored as whole."""


class ClientClosed(ReamazeError):
    """A request was asked of a client that is closed, or was waiting when it was closed."""


# ── warehouse and models ──────────────────────────────────────────────────────────────────────────────────────────


class WarehouseError(PipelineError):
    """The root of all that goes wrong with tables, files and models."""


class UsageRefused(WarehouseError, MisuseError):
    """A table, a day or a file was asked for that cannot be had."""


class LocationRefused(UsageRefused):
    """A text names no warehouse that could be opened, or holds a password."""


class DatabaseUnavailable(WarehouseError):
    """The file cannot be opened and waiting would not help: a wrong path, no permission, not DuckDB's."""


class DatabaseLocked(WarehouseError):
    """Another program (or another thread of this one) held the file for longer than we agreed to wait."""


class DiskFull(WarehouseError):
    """No space is left where something has to be written; the text names the folder."""


class DatabaseDamaged(WarehouseError):
    """The file is DuckDB's, but what is read from it is not what was written: cut short, or a block has changed."""


class TableRefused(WarehouseError):
    """What should be stored does not fit the declared table; what is stored was left as it is."""


class RowsOutsidePartition(TableRefused):
    """Rows of days that are not being replaced; storing them would duplicate or hide them."""


class SchemaChangeRefused(TableRefused):
    """The stored table differs from the declared one by more than added columns."""


class PartitionMissing(WarehouseError):
    """A table or day was asked for that was never stored."""


class InputsMissing(WarehouseError):
    """A day was to be computed from what is not stored; it names the days and the command that stores them."""


class SeedError(WarehouseError):
    """A seed's CSV file cannot be loaded."""


class ModelError(WarehouseError, MisuseError):
    """A SQL model, its schema.yml or the project around them is wrong.

    ``str()`` begins with ``file:line:`` so that editors and people find the place.
    """

    def __init__(self, path: Path, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = " ".join(reason.split())
        super().__init__(f"{path}:{line}: {self.reason}")


class LineageUnknown(WarehouseError):
    """What a model's columns are made of cannot be read from its SQL, although DuckDB runs it."""


# ── report ────────────────────────────────────────────────────────────────────────────────────────────────────────


class PeriodRefused(UsageRefused):
    """The days asked for are no period."""


class NarrowingRefused(UsageRefused):
    """No stored message is of the sender, inbox or channel that a report is to be narrowed to."""


class NotComputed(WarehouseError):
    """A metric is not in this warehouse (yet); the page says so in place of the section."""


class DrawingFailed(PipelineError):
    """The drawing library ended or refused a chart; the text says what to do."""


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class BackfillFailed(PipelineError):
    """The run did not store every day. Days that were stored stay stored; the same command goes on from there."""


class RecordsUnavailable(PipelineError):
    """Dagster's own records cannot be read or written; the text names their folder."""


class BundleNotWritten(MisuseError):
    """What an examination found cannot be written to the file that was named."""


class NothingStored(MisuseError):
    """There is nothing to compare: no day is stored."""


class NoSuchDays(MisuseError):
    """Days were asked for that have no partition; the text says which there are."""


class AlertNotSent(PipelineError):
    """A webhook or a mail server took no message; the text names neither login nor address."""


class NotForgotten(PipelineError):
    """Somebody who was to be erased is still found; the text names where, never who."""


class PortTaken(MisuseError):
    """Something else serves on the port that was asked for."""


class UiFailed(PipelineError):
    """The Dagster UI or its daemon ended by itself."""
