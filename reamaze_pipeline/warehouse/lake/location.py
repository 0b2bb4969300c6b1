"""Where a warehouse is: a DuckDB file, or a lake whose catalog is a DuckDB file, a SQLite file or a PostgreSQL.

A value that travels as text (a setting, a resource's field) and opens nothing. A lake is written
``ducklake:CATALOG#data=FOLDER&schema=NAME``: CATALOG as DuckLake has it, FOLDER where its Parquet files go (a folder or
``s3://bucket/prefix``), NAME the schema of the catalog's tables in a PostgreSQL that holds several lakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from reamaze_pipeline.errors import LocationRefused

PREFIX = "ducklake:"
Kind = Literal["duckdb", "sqlite", "postgres"]

_OPTIONS = ("data", "schema")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"\bpassword\s*=|://[^/@]*:[^/@]*@", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(md|motherduck|postgres|postgresql|mysql|sqlite|s3|gs|gcs|az|https?):", re.IGNORECASE)
_FOLDER_OF_A_SERVER = Path("data")


@dataclass(frozen=True, slots=True)
class Lake:
    """A lakehouse: ``catalog`` is a file, or how PostgreSQL is reached (never with a password in it).

    ``data`` and ``schema`` are needed when the lake is made, ``schema`` afterwards too; a file's lake has a default.
    """

    kind: Kind
    catalog: str
    data: str | None = None
    schema: str | None = None

    @property
    def shared(self) -> bool:
        """Whether several processes may have it open at once: all but a catalog in a DuckDB file."""
        return self.kind != "duckdb"

    @property
    def file(self) -> Path | None:
        """The catalog's file; None in a PostgreSQL."""
        return None if self.kind == "postgres" else Path(self.catalog)

    def __str__(self) -> str:
        kind = "" if self.kind == "duckdb" else f"{self.kind}:"
        given = [(name, getattr(self, name)) for name in _OPTIONS]
        options = "&".join(f"{name}={value}" for name, value in given if value)
        return f"{PREFIX}{kind}{self.catalog}" + (f"#{options}" if options else "")


Location = Path | Lake


def located(database: str | Location) -> Location:
    """The location that a text means; one that is read already is given back.

    Raises `LocationRefused` for a text that can mean no warehouse, or that holds a password.
    """
    if not isinstance(database, str):
        return database
    if not database.startswith(PREFIX):
        if elsewhere := _ELSEWHERE.match(database):
            msg = f"A database at {elsewhere[0]} is not supported; name a DuckDB file, or a lake as {PREFIX}…"
            raise LocationRefused(msg)
        return Path(database)
    if _PASSWORD.search(database):
        msg = "The database's setting must not hold a password; set PGPASSWORD, or name a password file in PGPASSFILE."
        raise LocationRefused(msg)
    catalog, _, options = database.removeprefix(PREFIX).partition("#")
    kind, _, reached = catalog.partition(":")
    if kind not in get_args(Kind):
        kind, reached = "duckdb", catalog
    if not reached:
        msg = f"{PREFIX} must go on with a catalog: a file, sqlite:FILE, or postgres:dbname=… host=… user=…"
        raise LocationRefused(msg)
    if kind != "postgres":
        reached = str(Path(reached))
    return Lake(_kind(kind), reached, **_options(options))


def is_there(database: str | Location) -> bool:
    """Whether there is anything to read yet; of a server it is known only once it is asked, so it is taken to be."""
    location = located(database)
    file = location if isinstance(location, Path) else location.file
    return file is None or file.exists()


def folder_beside(database: str | Location) -> Path:
    """Where what belongs to a warehouse but not into it is kept: the report, and Dagster's records by default."""
    location = located(database)
    file = location if isinstance(location, Path) else location.file
    return _FOLDER_OF_A_SERVER if file is None else file.parent


def _kind(text: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == text)


def _options(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in text.split("&") if text else ():
        name, _, value = option.partition("=")
        if name not in _OPTIONS or not value:
            msg = (
                f"{option!r} is no option of a lake; write #data=FOLDER or #data=FOLDER&schema=NAME after its catalog."
            )
            raise LocationRefused(msg)
        found[name] = value
    if "schema" in found and not _SCHEMA.fullmatch(found["schema"]):
        msg = "The schema of a lake's catalog must be lower-case letters, digits and underscores, such as acme_support."
        raise LocationRefused(msg)
    return found
