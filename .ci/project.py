"""Somebody's Dagster project around the wheel: merged definitions, two components, a run that touches nobody else.

Its files are those that `create-dagster project support-data` writes (1.13), with the block of `docs/dagster.md` in its
folder `defs`; `dg` checks, scaffolds and launches, against the embedded API.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb

PYPROJECT = """\
[project]
name = "support_data"
requires-python = ">=3.10,<3.15"
version = "0.1.0"
dependencies = [
    "dagster",
]

[dependency-groups]
dev = [
    "dagster-dg-cli",
    "dagster-webserver",
]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
force-include = { "pyproject.toml" = "pyproject.toml" }

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "support_data"
registry_modules = [
    "support_data.components.*",
]
"""
DEFINITIONS = """\
from pathlib import Path

from dagster import definitions, load_from_defs_folder


@definitions
def defs():
    return load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
FENCE = re.compile(r'^```python title="support_data/definitions\.py"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
DG = Path(sys.executable).parent / "dg"


def main(page: Path, folder: Path) -> None:
    package = folder / "src" / "support_data"
    (package / "defs").mkdir(parents=True)
    for file in (package / "__init__.py", package / "defs" / "__init__.py"):
        file.touch()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (package / "definitions.py").write_text(DEFINITIONS)
    documented = FENCE.search(page.read_text())
    assert documented is not None, page
    one = documented[1].replace(', brand("beta"))', ")")  # each brand costs each of the commands below some seconds
    assert one != documented[1], page
    (package / "defs" / "brands.py").write_text(one)
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder / "src")  # as `uv sync` installs it
    history = ["--messages", "700", "--days", "12", "--port", "0", "--json"]
    serve = [sys.executable, "-m", "reamaze_pipeline", "sandbox", *history]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as sandbox:
        try:
            assert sandbox.stdout is not None
            _use(json.loads(sandbox.stdout.readline())["environment"], package)
        finally:
            sandbox.terminate()


def _use(api: dict[str, str], package: Path) -> None:
    start, url = api["REAMAZE_START_DATE"], api["REAMAZE_API_URL"]
    brands = package / "defs" / "brands.py"
    brands.write_text(brands.read_text().replace("2026-03-01", start).replace('"brand": name', f'"api_url": "{url}"'))
    for brand in ("ACME", "GAMMA"):
        os.environ |= {f"{brand}_EMAIL": api["REAMAZE_EMAIL"], f"{brand}_TOKEN": api["REAMAZE_API_TOKEN"]}
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    home = Path("dagster_home").absolute()
    home.mkdir()
    os.environ["DAGSTER_HOME"] = str(home)
    assert "reamaze_pipeline.ReamazeComponent" in _dg("list", "components", "--json")
    _dg("scaffold", "defs", "reamaze_pipeline.ReamazeComponent", "gamma", "--brand", "gamma", "--start-date", start)
    gamma = package / "defs" / "gamma" / "defs.yaml"
    scaffolded = gamma.read_text()
    gamma.write_text(
        scaffolded.replace("brand: gamma", f"api_url: {url}")
        .replace("REAMAZE_EMAIL", "GAMMA_EMAIL")
        .replace("REAMAZE_API_TOKEN", "GAMMA_TOKEN")
    )
    delta = package / "defs" / "delta" / "defs.yaml"
    delta.parent.mkdir()
    delta.write_text(scaffolded.replace("gamma", "delta"))
    _dg("check", "defs")
    _dg("launch", "--job", "gamma_daily_messages", "--partition", start)
    with duckdb.connect("data/gamma.duckdb", read_only=True) as warehouse:
        (messages,) = warehouse.sql("select count(*) from core.messages").fetchall()[0]
    assert messages > 0
    made = [path.name for path in Path("data").glob("*.duckdb")]
    assert made == ["gamma.duckdb"], made
    assert "weekly_workload" not in _materialized()
    print(f"a project with a brand in code and two as components: one job stored {messages} messages, and no more")


def _materialized() -> str:
    """The keys of all assets that anything was ever recorded of."""
    with dg.DagsterInstance.get() as instance:
        return " ".join(key.to_user_string() for key in instance.get_asset_keys())


def _dg(*words: str) -> str:
    done = subprocess.run([DG, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"dg {' '.join(words)} ended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
