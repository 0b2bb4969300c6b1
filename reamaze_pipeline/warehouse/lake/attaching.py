"""A lake attached to this process's DuckDB: its extensions, its secrets, its catalog.

Extensions are files of Python packages (the extra ``lake``), loaded by path: nothing is downloaded, and nothing written
to a home folder. Passwords and keys come from the environment, under the names that PostgreSQL's and Amazon's own tools
use, and never stand in a statement whose error DuckDB would print.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from reamaze_pipeline.errors import DatabaseUnavailable
from reamaze_pipeline.warehouse.lake.location import Lake
from reamaze_pipeline.warehouse.table import literal, quoted

INSTALL = "pip install 'reamaze-pipeline[lake]'"
_CATALOG_EXTENSION = {"duckdb": (), "sqlite": ("sqlite_scanner",), "postgres": ("postgres_scanner",)}
LOADED = "SELECT extension_name FROM duckdb_extensions() WHERE loaded"
_WAIT_MILLISECONDS = 20_000


def attach_lake(connection: duckdb.DuckDBPyConnection, lake: Lake, name: str, options: Collection[str] = ()) -> None:
    """Attach under ``name``; the lake is made if there is none. Raises `DatabaseUnavailable`, without any secret."""
    load_extensions(connection, lake)
    _remember_keys(connection, lake)
    given = [*options, *_options(lake)]
    target = literal(f"ducklake:{'' if lake.kind == 'duckdb' else lake.kind + ':'}{lake.catalog}")
    connection.execute(f"ATTACH {target} AS {quoted(name)}" + (f" ({', '.join(given)})" if given else ""))


def load_extensions(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Load what this lake needs. Raises `DatabaseUnavailable` that says what to install."""
    needed = ["ducklake", *_CATALOG_EXTENSION[lake.kind], *(["httpfs"] if _is_remote(lake) else [])]
    there = {name for (name,) in connection.execute(LOADED).fetchall()}
    for name in needed:
        if name not in there:
            _load(connection, name)


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    package = f"duckdb_extension_{name}"
    found = find_spec(package)
    folders = list(found.submodule_search_locations or ()) if found else []
    version = f"v{duckdb.__version__}"
    files = [Path(folder) / "extensions" / version / f"{name}.duckdb_extension" for folder in folders]
    for file in files:
        if file.exists():
            connection.execute(f"LOAD {literal(file)}")
            return
    reason = f"it is not installed for DuckDB {duckdb.__version__}" if files else "it is not installed"
    msg = f"A lake needs the package {package.replace('_', '-')}, and {reason}: {INSTALL}"
    raise DatabaseUnavailable(msg)


def _is_remote(lake: Lake) -> bool:
    # A lake that exists knows where its files are and need not be told, so keys in the environment count as well.
    return (lake.data or "").startswith("s3://") or (lake.data is None and "AWS_ACCESS_KEY_ID" in os.environ)


def _options(lake: Lake) -> list[str]:
    options = []
    data = lake.data or (f"{lake.catalog}.files" if lake.kind != "postgres" else None)
    if data is not None:
        if not _has_scheme(data):
            data = str(Path(data).absolute())
        options.append(f"DATA_PATH {literal(data)}")
    if lake.schema is not None:
        options.append(f"METADATA_SCHEMA {literal(lake.schema)}")
    if lake.kind == "sqlite":  # its own journal lets nobody read while one commits, and does not wait
        options += ["META_JOURNAL_MODE 'WAL'", f"META_BUSY_TIMEOUT {_WAIT_MILLISECONDS}"]
    return options


def _has_scheme(data: str) -> bool:
    return "://" in data


def _remember_keys(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Keys of an object store, from the variables that Amazon's own tools read."""
    if not _is_remote(lake) or "AWS_ACCESS_KEY_ID" not in os.environ:
        return
    values = {
        "KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "SECRET": os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        "SESSION_TOKEN": os.environ.get("AWS_SESSION_TOKEN", ""),
        "REGION": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
    }
    settings = [f"{name} {literal(value)}" for name, value in values.items() if value]
    if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        parts = urlsplit(endpoint)
        settings += [f"ENDPOINT {literal(parts.netloc)}", "URL_STYLE 'path'"]
        settings.append(f"USE_SSL {str(parts.scheme == 'https').lower()}")
    try:
        connection.execute(f"CREATE OR REPLACE SECRET reamaze_lake (TYPE s3, {', '.join(settings)})")
    except duckdb.Error:
        msg = "The object store's keys were not accepted; check the variables AWS_…"
        raise DatabaseUnavailable(msg) from None
