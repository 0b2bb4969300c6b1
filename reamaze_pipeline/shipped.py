"""Files that travel with the package: beside it in a checkout, inside it when installed from a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The file or folder `name` of the repository's top level."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name
