"""Makes the pages that code and schema.yml already hold: `make docs`. A test compares them with what this makes.

`settings.md` comes from `settings.py` (names, defaults) and `.env.example` (words), `commands.md` from the commands
themselves, `tables.md` from the models and their `schema.yml`; the README's tables of settings and commands likewise.
The report carries `trust.md` along, as a part of its page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
from markdown_it import MarkdownIt
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from reamaze_pipeline import settings
from reamaze_pipeline.commands.app import app
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.promises import promises_of
from reamaze_pipeline.models.singular_tests import SingularTest, load_singular_tests

TOP = Path(__file__).parent.parent
MADE = "<!-- Made by `make docs`; do not edit here. -->\n"
GROUPS = [
    ("Re:amaze", settings.Login),
    ("Days", settings.Calendar),
    ("Warehouse and models", settings.Warehouse),
    ("What the metrics count", settings.Metrics),
]
UNTRIED = {
    "compact": "it needs a lake",
    "demo": "the tests of the command itself run it",
    "forget": "the tests of the command itself erase somebody",
    "init": "the first asks, the second needs a brand of one's own",
    "sandbox": "it serves until Ctrl-C",
    "ui": "it serves until Ctrl-C",
}
SCHEMAS = {
    "core": "What was written, by whom, where: computed from the stored pages alone.",
    "metrics": "What a team is run by; [metrics.md](metrics.md) says who defines each so, and what is not known.",
    "intermediate": "What the metrics stand on; nobody needs these who does not change the models.",
    "raw": "What the API sent, as it sent it.",
    "seeds": "Small files that travel with the models.",
    "meta": "What the pipeline notes about its own work.",
}


def pages() -> dict[Path, str]:
    """Every file that is made, whole or in part, and what it should hold."""
    readme = (TOP / "README.md").read_text()
    readme = _between(
        readme, "settings", _settings_table([setting for _, group in GROUPS for setting in _settings(group)])
    )
    readme = _between(readme, "commands", _commands_table())
    return {
        TOP / "README.md": readme,
        TOP / "docs/settings.md": settings_page(),
        TOP / "docs/commands.md": commands_page(),
        TOP / "docs/tables.md": tables_page(),
        TOP / "reamaze_pipeline/report/parts/trust.html": trust_fragment(),
    }


def _between(page: str, name: str, text: str) -> str:
    """The page with `text` between the marks `<!-- made: name -->` and `<!-- end -->`."""
    mark = f"<!-- made: {name} -->"
    before, found, after = page.partition(mark)
    if not found:
        raise LookupError(f"README.md has no {mark}")
    return f"{before}{mark}\n{text}<!-- end -->{after.partition('<!-- end -->')[2]}"


# ── report ────────────────────────────────────────────────────────────────────────────────────────────────────────


def trust_fragment() -> str:
    """`trust.md` for the end of the report: a level lower, and without links, because no other page travels with it."""
    html = str(MarkdownIt("commonmark", {"html": False}).enable("table").render((TOP / "docs/trust.md").read_text()))
    html = re.sub(r"<h1>.*?</h1>\n", "", html)  # the section has it
    html = re.sub(r"<a [^>]*>(.*?)</a>", r"\1", html, flags=re.DOTALL)
    html = re.sub(r"(</?h)2>", r"\g<1>3>", html)
    return f"{MADE}{html}"


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def settings_page() -> str:
    """Every setting, group by group."""
    text = [
        f"# Settings\n\n{MADE}\nRead from the environment and from `.env` in the working directory; the environment",
        "wins, and an empty value is the default. [`.env.example`](../.env.example) is a file to start from.\n",
    ]
    for title, group in _groups():
        text.append(f"## {title}\n\n{_settings_table(_settings(group))}")
    text.append(
        "## Dagster\n\n`DAGSTER_HOME` is respected: the folder of Dagster's records. Unset, they lie in the folder"
        "\n`dagster` beside the database. Telemetry is off."
        " `NO_COLOR` set to anything keeps colours out of what is printed.\n"
    )
    return "\n".join(text)


def _settings_table(found: list[tuple[str, FieldInfo]]) -> str:
    words = env_example()
    rows = [(f"`{name}`", words[name], _default(name, field)) for name, field in found]
    return _table(("setting", "meaning", "default"), rows)


def _groups() -> list[tuple[str, type[BaseSettings]]]:
    """Those with a title of their own, and whatever else is read from the environment."""
    told = {ancestor for _, group in GROUPS for ancestor in group.__mro__}
    rest = [kind for kind in BaseSettings.__subclasses__() if kind.__module__.startswith(settings.__name__)]
    return [*GROUPS, *((kind.__name__, kind) for kind in rest if kind not in told)]


def _settings(group: type[BaseSettings]) -> list[tuple[str, FieldInfo]]:
    return [(settings.PREFIX + name.upper(), field) for name, field in group.model_fields.items()]


def env_example() -> dict[str, str]:
    """The comment above each setting of `.env.example`."""
    found = re.findall(r"^# (.+)\n(?:# )?(REAMAZE_\w+)=", (TOP / ".env.example").read_text(), re.MULTILINE)
    return {name: comment for comment, name in found}


def _default(name: str, field: FieldInfo) -> str:
    if name == "REAMAZE_BRAND":
        return "required, unless `REAMAZE_API_URL` is set"
    if field.is_required():
        return "required"
    default = int(field.default) if field.default is False or isinstance(field.default, float) else field.default
    return "" if default in (None, "", 0) else f"`{default}`"


# ── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


def commands_page() -> str:
    """Every command, as its own help has it."""
    text = [
        f"# Commands\n\n{MADE}\n{_commands_table()}",
        "Exit codes: 0 done, 1 failed, 2 wrong usage or settings. Errors go to stderr as one line;",
    ]
    text.append("`--debug` anywhere on the line shows the traceback as well.\n")
    for name, command in _commands():
        with click.Context(command, info_name=f"reamaze-pipeline {name}") as context:
            usage = f"reamaze-pipeline {name} {' '.join(command.collect_usage_pieces(context))}".strip()
            text.append(f"## {name}\n\n```text\n{usage}\n```\n\n{_paragraphs(command.help or '')}")
            options = [option for option in command.params if isinstance(option, click.Option)]
            rows = [_option(option, context) for option in options]
            text.append(_table(("option", "meaning", "default"), rows))
            text.append(_examples(name, command))
    return "\n".join(text)


def _examples(name: str, command: click.Command) -> str:
    lines = re.findall(r"^ *(\$ .+)$", command.epilog or "", re.MULTILINE)
    block = "\n".join(["```console", *lines, "```", ""]) if lines else ""
    return f"{block}\n*Not tried by the tests: {UNTRIED[name]}.*\n" if name in UNTRIED else block


def _commands() -> list[tuple[str, click.Command]]:
    with click.Context(app) as context:
        found = [(name, app.get_command(context, name)) for name in app.list_commands(context)]
    return [(name, command) for name, command in found if command is not None and not command.hidden]


def _commands_table() -> str:
    rows = [(f"`reamaze-pipeline {name}`", command.get_short_help_str(limit=10_000)) for name, command in _commands()]
    return _table(("command", "does"), rows)


def _option(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    spelled = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if not option.is_flag:
        spelled += f" {option.make_metavar(context)}".replace("|", "\\|")
    default = "required" if option.required else ""
    if option.show_default and not option.required:
        known = option.get_default(context, call=False)
        default = "" if known is None else f"`{known}`"
    return spelled, option.help or "", default


def _paragraphs(help_text: str) -> str:
    parts = [" ".join(part.split()) for part in help_text.replace("\b", "").split("\n\n")]
    return "\n\n".join(parts) + "\n"


# ── tables ────────────────────────────────────────────────────────────────────────────────────────────────────────


def tables_page() -> str:
    """Every table and view with its columns and promises."""
    folders = [TOP / "dbt_like_sql"]
    project = load_project(folders)
    tests = load_singular_tests(folders, project, {})
    text = [
        f"# Tables\n\n{MADE}\nTimestamps are UTC; `day` is the day of `created_at` in `REAMAZE_TIMEZONE`.",
        "Every promise is checked by every run that stores the table. A table *of days* is stored day by day; a view",
        "stores nothing and is always current.\n",
    ]
    for schema, about in SCHEMAS.items():
        text.append(f"## {schema}\n\n{about}\n")
        text += [_node(project, tests, node) for node in _nodes(project) if node.table.schema == schema]
    return "\n".join(text)


def _nodes(project: Project) -> list[Any]:
    return sorted((*project.sources, *project.seeds, *project.models), key=lambda node: node.table.label)


def _node(project: Project, tests: list[SingularTest], node: Any) -> str:
    kind = "a seed" if node in project.seeds else "filled by the pipeline"
    promises: list[str] = []
    if isinstance(node, Model):
        kind = {"incremental": "of days", "table": "rebuilt whole", "view": "a view"}[node.materialized]
        promises = [
            f"- {_line(promise.description)}" + ("" if promise.severity == "error" else " (a warning)")
            for promise in promises_of(project, node, tests)
        ]
    rows = [(f"`{column.name}`", f"`{column.type}`", _line(column.description or "")) for column in node.table.columns]
    columns = _table(("column", "type", "meaning"), rows)
    text = f"### `{node.table.label}`\n\n*{kind}* · {_line(node.description)}\n\n{columns}"
    return text + (f"\nPromised:\n\n{chr(10).join(promises)}\n" if promises else "")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |") for cells in lines)


def main() -> None:
    """Write what is not as it should be, and say so."""
    for path, text in pages().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"made {path.relative_to(TOP)} anew")  # noqa: T201


if __name__ == "__main__":
    main()
