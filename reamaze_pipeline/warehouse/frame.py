"""pandas DataFrames and lists of rows, handed to DuckDB without letting it guess a type from their values.

DuckDB infers an object column's type from a sample; a day of nulls or of one odd value then changes the
table. Here object columns travel as text and nested values as JSON text; `staging` casts them to what the
table declares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from reamaze_pipeline.errors import TableRefused
from reamaze_pipeline.warehouse.table import Column, Table

Rows = Sequence[Mapping[str, Any]]

_DUCKDB_TYPES = {
    "b": "BOOLEAN",
    "i": "BIGINT",
    "u": "UBIGINT",
    "f": "DOUBLE",
    "M": "TIMESTAMP",
    "m": "INTERVAL",
}


def frame_of(table: Table, rows: Rows) -> pd.DataFrame:
    """Rows as a frame with the table's columns; a row may leave columns out, but not bring others."""
    strange = sorted({name for row in rows for name in row} - set(table.column_names))
    if strange:
        msg = f"{table.label} declares no column {', '.join(strange)}; declare it or leave it out of the rows."
        raise TableRefused(msg)
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows], dtype=object) for name in table.column_names})


def columns_of(frame: pd.DataFrame) -> tuple[Column, ...]:
    """Columns of a table nobody declared, from the frame's dtypes; what pandas calls an object is VARCHAR."""
    return tuple(Column(str(name), _type_of(frame[name])) for name in frame.columns)


def _type_of(values: pd.Series[Any]) -> str:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "TIMESTAMP"  # stored in UTC
    if values.dtype == object:
        kept = [value for value in values if not _is_null(value)]
        if kept and all(isinstance(value, date) and not isinstance(value, datetime) for value in kept):
            return "DATE"
        return "VARCHAR"
    return _DUCKDB_TYPES.get(getattr(values.dtype, "kind", "O"), "VARCHAR")


def as_plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each object column turned into text or None; other dtypes are left to DuckDB."""
    frame = frame.reset_index(drop=True)  # a filtered frame's labels would be matched with those of the new columns
    return pd.DataFrame(
        {str(name): _text_column(frame[name]) if frame[name].dtype == object else frame[name] for name in frame}
    )


def _text_column(values: Iterable[Any]) -> pd.Series[Any]:
    return pd.Series([_text(value) for value in values], dtype=object)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_text)
    if _is_null(value):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _is_null(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and isnan(value))
