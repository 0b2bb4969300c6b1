"""The plan of the package: one name for one thing, so that a reader who guesses where a thing lives is right."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import reamaze_pipeline

PACKAGE = Path(reamaze_pipeline.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_SIBLINGS = 12
MOST_LINES = 300


def test_no_two_modules_share_a_public_class_name() -> None:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_every_module_says_what_belongs_there() -> None:
    silent = [path for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_a_room_has_a_door_and_few_siblings() -> None:
    rooms = {path.parent for path in MODULES}
    assert [room for room in rooms if not (room / "__init__.py").exists()] == []
    crowded = {
        str(room.relative_to(PACKAGE)): len(siblings)
        for room in rooms
        if len(siblings := [path for path in MODULES if path.parent == room and path.stem != "__init__"])
        > MOST_SIBLINGS
    }
    assert crowded == {}


def test_most_modules_hold_one_idea_and_none_a_novel() -> None:
    assert [path.name for path in MODULES if len(path.read_text().splitlines()) > MOST_LINES] == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
