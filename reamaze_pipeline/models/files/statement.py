"""The one statement of a SQL file, such that it can stand inside another."""

from __future__ import annotations

import duckdb

_ONLY_BY_THEMSELVES = {"summarize", "describe", "desc", "show"}
"""Statements that give rows but no view can be made of, nor a table, unless they are selected from."""


def embeddable(sql: str) -> str:
    """The SQL without a last semicolon and what follows it, if that is nothing but comments; lines stay the lines."""
    text = sql.encode()
    tokens = [offset for offset, _ in duckdb.tokenize(sql)]
    end = len(text)
    while tokens and text[tokens[-1] : tokens[-1] + 1] == b";":
        end = tokens.pop()
    statement = text[:end].decode().rstrip("\n ")
    first = text[tokens[0] :].split(maxsplit=1)[0].decode().lower() if tokens else ""
    return f"SELECT * FROM ({statement}\n)" if first in _ONLY_BY_THEMSELVES else statement
