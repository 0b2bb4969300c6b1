"""The key of the stand-ins for people: made once, beside the warehouse, for its owner alone.

Without it stand-ins cannot be traced back. Lost, the next days would get other stand-ins than those before.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.warehouse.lake.location import Location, folder_beside

NAME = "people.key"
BYTES = 32


def people_key(database: Location) -> bytes:
    """The key, made at the first call. Raises `SettingsError` if it cannot be read or made."""
    path = folder_beside(database) / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a key"
        raise SettingsError(
            f"the key {path}, which REAMAZE_PEOPLE=pseudonymize needs, cannot be read ({why})"
        ) from None


def _make(path: Path) -> None:
    """Whole from the first moment: of two that start at once, one makes it."""
    if path.exists():
        return
    own = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(own, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(BYTES))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink()
