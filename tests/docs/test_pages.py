"""The documents name what there is: files, headings, commands, options, settings and tables."""

from __future__ import annotations

import importlib.util
import re
import shlex
import types
from pathlib import Path

import click
import pytest

from reamaze_pipeline.commands.app import app
from reamaze_pipeline.models.model import Project
from tests.docs.pages import PAGES, TOP, anchors, blocks, code, links

EVERYWHERE = {"--debug", "--help", "--version"}
LANGUAGES = {"console", "python", "sql", "yaml", "text"}
STATED = {"core", "intermediate", "meta", "metrics", "raw", "seeds"}


@pytest.fixture(scope="module")
def generate() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("generate", TOP / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_made_of_the_code_is_as_the_code(generate: types.ModuleType) -> None:
    old = [str(path.relative_to(TOP)) for path, text in generate.pages().items() if path.read_text() != text]
    assert old == [], "run `make docs`"


def test_every_setting_is_explained_once(generate: types.ModuleType) -> None:
    known = {name for _, group in generate._groups() for name, _ in generate._settings(group)}
    assert set(generate.env_example()) == known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if link.startswith(("https://", "http://127.0.0.1")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = TOP / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    assert [str(page) for page in PAGES if page.parent == index.parent and page != index and page not in named] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_block_says_what_it_is(page: Path) -> None:
    assert [str(block) for block in blocks(page) if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_commands_and_options_that_are_named_exist(page: Path) -> None:
    lines = [line for text in code(page) for line in [text] if text.startswith("reamaze-pipeline ")]
    for block in blocks(page):
        lines += re.findall(r"^\$ (reamaze-pipeline .+)$", block.text, re.MULTILINE)
    for line in lines:
        first, *rest = shlex.split(line.partition(" | ")[0].replace("\\", ""))[1:] or [""]
        if first.startswith("-") or first.isupper():
            continue
        command = app.get_command(click.Context(app), first)
        assert command is not None, line
        options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | EVERYWHERE
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= options, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_settings_that_are_named_exist(page: Path, generate: types.ModuleType) -> None:
    named = set(re.findall(r"\bREAMAZE_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")))
    assert named - set(generate.env_example()) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_tables_that_are_named_exist(page: Path, project: Project) -> None:
    nodes = (*project.sources, *project.seeds, *project.models)
    known = {node.table.label for node in nodes}
    columns = {f"{node.table.name}.{column.name}" for node in nodes for column in node.table.columns}
    own = {".".join(Path(block.title).with_suffix("").parts[-2:]) for block in blocks(page) if block.title}
    named = {text for text in code(page) if re.fullmatch(rf"({'|'.join(STATED)})\.(?!duckdb)[a-z_]+", text)}
    assert named - known - columns - own == set()


def test_every_command_that_the_runbook_names_is_run_by_its_blocks() -> None:
    """But for `ui`, which serves until Ctrl-C. Options are compared by name: a table's days are an ellipsis."""
    page = TOP / "docs" / "runbook.md"
    lines = [line[2:] for block in blocks(page) for line in block.text.splitlines() if line.startswith("$ ")]
    run = [_spelled(line) for line in lines]
    named = [_spelled(text) for text in code(page) if text.startswith("reamaze-pipeline ")]
    assert len(run) > 5
    never = [
        (command, sorted(options))
        for command, options in named
        if command != "ui" and not any(command == other and options <= theirs for other, theirs in run)
    ]
    assert never == []


def _spelled(command: str) -> tuple[str, set[str]]:
    """The command's name, and the names of its options."""
    _, name, *rest = command.split()
    return name, {word for word in rest if word.startswith("--")}
