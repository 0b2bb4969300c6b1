"""This machine's clock. It may be wrong, and may be set right at any moment: whoever asks what is over, or which of two
things came later, asks here, so that a test can move it.
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment (aware UTC), as far as this machine knows."""
    return datetime.now(UTC)
