"""Seeds: small CSV files stored as tables, rewritten only when a file changes."""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from reamaze_pipeline.errors import SeedError, TableRefused
from reamaze_pipeline.held_files import temporary_folder
from reamaze_pipeline.models.model import Seed
from reamaze_pipeline.warehouse.connection import reading, writing
from reamaze_pipeline.warehouse.lake.location import Location, is_there
from reamaze_pipeline.warehouse.ledger import Ledger, read_ledger
from reamaze_pipeline.warehouse.partition import replace_partitions
from reamaze_pipeline.warehouse.table import Select


def outdated_seeds(connection: duckdb.DuckDBPyConnection, seeds: Iterable[Seed]) -> list[Seed]:
    """The seeds that are absent or changed."""
    seeds = list(seeds)
    ledger = read_ledger(connection, [seed.table for seed in seeds])
    return [seed for seed in seeds if not _is_current(ledger, seed)]


def load_seeds(database: str | Location, seeds: Iterable[Seed]) -> list[str]:
    """Store the seeds that are absent or changed; returns their names. Writes only if there are any."""
    waiting = list(seeds)
    if is_there(database):
        with reading(database) as connection:
            waiting = outdated_seeds(connection, waiting)
    if waiting:
        store_seeds(database, waiting)
    return [seed.table.label for seed in waiting]


def store_seeds(database: str | Location, seeds: Iterable[Seed]) -> None:
    """Replace the tables of these seeds; see `store_seed`."""
    with writing(database) as connection:
        for seed in seeds:
            store_seed(connection, seed)


def store_seed(connection: duckdb.DuckDBPyConnection, seed: Seed) -> None:
    """Replace one seed's table. Raises `SeedError`, naming the file, if it does not fit its columns."""
    rows = "SELECT * FROM read_csv($path, header = true, all_varchar = true)"
    try:
        with _without_mark(seed.csv) as path:
            select = Select(rows, {"path": str(path)})
            replace_partitions(connection, seed.table, [], select, version=_digest(seed))
    except (TableRefused, duckdb.InvalidInputException) as error:
        msg = f"{seed.csv} cannot be loaded: {' '.join(str(error).split())}"
        raise SeedError(msg) from error


@contextmanager
def _without_mark(csv: Path) -> Iterator[Path]:
    """The file, or a copy without its byte order mark, behind which DuckDB takes no quotes."""
    content = csv.read_bytes()
    if not content.startswith(BOM_UTF8):
        yield csv
        return
    with temporary_folder("reamaze-seed-") as folder:
        copy = folder / csv.name
        copy.write_bytes(content.removeprefix(BOM_UTF8))
        yield copy


def _is_current(ledger: Ledger, seed: Seed) -> bool:
    stored = ledger.get((seed.table.schema, seed.table.name), {}).get(None)
    return stored is not None and stored.version == _digest(seed)


def _digest(seed: Seed) -> str:
    declared = ", ".join(column.definition for column in seed.table.columns)
    return hashlib.sha256(declared.encode() + seed.csv.read_bytes()).hexdigest()
