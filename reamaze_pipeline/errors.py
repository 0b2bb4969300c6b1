"""How a command as a whole can end badly; what single rooms raise is in their own `errors` modules.

Every text is one line that says what happened and what to do.
"""


class BackfillFailed(Exception):
    """The run did not store every day. Days that were stored stay stored; the same command goes on from there."""


class NoSuchDays(Exception):
    """Days were asked for that have no partition; the text says which there are."""


class UiFailed(Exception):
    """The Dagster UI or its daemon ended by itself."""
