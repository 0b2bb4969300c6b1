"""Lakes for tests: whether there can be any here, and a PostgreSQL of their own for catalogs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

_PACKAGES = ("ducklake", "postgres_scanner", "sqlite_scanner", "httpfs")
_MISSING = [name for name in _PACKAGES if find_spec(f"duckdb_extension_{name}") is None]
_VERSION = "1.5.5"

needs_lake = pytest.mark.skipif(
    bool(_MISSING) or duckdb.__version__ != _VERSION,
    reason=f"the extra `lake` is for DuckDB {_VERSION}; here is {duckdb.__version__}, without {_MISSING or 'nothing'}",
)

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
needs_postgres = pytest.mark.skipif(
    POSTGRES is None, reason="there is no PostgreSQL server on this machine (Debian: apt install postgresql)"
)


@contextmanager
def postgres(folder: Path, port: int | None = None) -> Iterator[str]:
    """A PostgreSQL of its own in `folder`, reached over a socket there, and on loopback if it has a `port`."""
    assert POSTGRES is not None
    folder.mkdir(parents=True)
    data, log = folder / "data", folder / "log"
    _as_postgres(folder, POSTGRES / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    listening = f"127.0.0.1 -p {port}" if port else ""
    options = f"-c listen_addresses={listening} -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    _as_postgres(folder, POSTGRES / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    try:
        yield f"dbname=postgres host={folder} user=postgres" + (f" port={port}" if port else "")
    finally:
        _as_postgres(folder, POSTGRES / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _as_postgres(folder: Path, *command: str | Path) -> None:
    """PostgreSQL refuses to run as root."""
    user = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60, **user)
