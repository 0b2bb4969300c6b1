"""Every command that is printed can be typed: with its brand where there are several, and rendered in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reamaze_pipeline
from reamaze_pipeline.commands.app import OURS, WITHOUT_BRAND
from reamaze_pipeline.settings.typed import OF_NO_BRAND, about, typed

PACKAGE = Path(reamaze_pipeline.__file__).parent
COMMAND = re.compile(rf"reamaze-pipeline ({'|'.join(str(command.name) for command in OURS)})\b")


def test_a_command_names_the_brand_that_its_work_is_about() -> None:
    assert typed("status") == "reamaze-pipeline status"
    with about("acme"):
        assert typed("status") == "reamaze-pipeline status --brand acme"
        assert typed("backfill --from A --to B") == "reamaze-pipeline backfill --brand acme --from A --to B"
        assert typed("ui") == "reamaze-pipeline ui"
        with about(None):
            assert typed("audit --days") == "reamaze-pipeline audit --days"
    assert typed("check") == "reamaze-pipeline check"


def test_those_of_no_brand_are_those_that_take_none() -> None:
    assert {command.name for command in WITHOUT_BRAND} == OF_NO_BRAND
    for command in OURS:
        takes = any("--brand" in parameter.opts for parameter in command.params)
        assert takes == (command.name not in OF_NO_BRAND or command.name == "init"), command.name


def spoken(file: Path) -> Iterator[str]:
    """The texts of a module that are no docstrings, or all of a template."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    help_texts = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) == "examples"]
    notes |= {id(node) for call in help_texts for node in ast.walk(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


@pytest.mark.parametrize("suffix", [".py", ".j2"])
def test_nothing_but_a_command_s_own_help_writes_one_out(suffix: str) -> None:
    """Examples in the help of a command name no brand; whatever else is printed has it from `typed`."""
    found = [
        f"{file.relative_to(PACKAGE)}: {text.strip()[:80]}"
        for file in sorted(PACKAGE.rglob(f"*{suffix}"))
        if file.relative_to(PACKAGE).parts[0] != "dbt_like_sql"
        for text in spoken(file)
        if COMMAND.search(text)
    ]
    assert found == []
