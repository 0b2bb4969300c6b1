"""What tests of several rooms share: a deployment over the embedded API, and warehouses filled by hand."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from tests.stored_pages import DAY, SHIPPED, Warehouse

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a shell runs in the background: children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("quick", max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

END = dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
"""The embedded history ends here; daylight saving began four days earlier in the brand's zone."""

Deploy = Callable[..., Deployment]


MESSAGES = 'key:"raw/message_pages" or key:"core/messages"'
STORED = 'key:"raw/message_pages" or kind:table'
"""What is stored by day, from which everything else is seen: for tests that are about no view and no report."""
FIRST, LAST = dt.date(2026, 3, 2), dt.date(2026, 3, 9)
"""The days that `stored` holds."""


@pytest.fixture(scope="session")
def history() -> SandboxOptions:
    """Twelve days of a small brand."""
    return SandboxOptions(messages=700, days=12, end=END, seed=11)


@pytest.fixture
def sandbox(history: SandboxOptions) -> Iterator[Sandbox]:
    with Sandbox(history) as serving:
        yield serving


@pytest.fixture(scope="session")
def stored_once(history: SandboxOptions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a deployment that ran one backfill from `FIRST` to `LAST`; one for all processes of the tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stored-once"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            with Sandbox(history) as serving, pytest.MonkeyPatch.context() as monkeypatch:
                backfill(_deployment(serving, folder, monkeypatch), FIRST, LAST)
            (folder / "done").touch()
    return folder


@pytest.fixture
def stored(stored_once: Path, sandbox: Sandbox, deploy: Deploy, tmp_path: Path) -> Deployment:
    """A deployment whose database and records already hold the days from `FIRST` to `LAST`."""
    shutil.copytree(stored_once, tmp_path / "stored")
    return deploy(sandbox, name="stored")


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Point the environment at a sandbox and a database of its own; returns the deployment they describe."""

    def deployed(
        serving: Sandbox, *, name: str = "warehouse", start: str = "2026-03-01", **settings: str
    ) -> Deployment:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return _deployment(serving, folder, monkeypatch, start=start, **settings)

    return deployed


def _deployment(
    serving: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, *, start: str = "2026-03-01", **settings: str
) -> Deployment:
    login = {"REAMAZE_EMAIL": serving.email, "REAMAZE_API_TOKEN": serving.token}
    return deployment_at(serving.url, folder, monkeypatch, start=start, **login, **settings)


def deployment_at(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, start: str = "2026-03-01", **settings: str
) -> Deployment:
    """A deployment whose API is at ``url`` and whose files are in ``folder``."""
    monkeypatch.chdir(folder)
    environment = {
        "REAMAZE_API_URL": url,
        "REAMAZE_EMAIL": "someone@example.com",
        "REAMAZE_API_TOKEN": "token",
        "REAMAZE_START_DATE": start,
        "REAMAZE_DATABASE": str(folder / "reamaze.duckdb"),
        "DAGSTER_HOME": "",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        **settings,
    }
    for key in ("REAMAZE_BRAND", "REAMAZE_TIMEZONE", "REAMAZE_MODELS", "REAMAZE_REQUESTS_PER_MINUTE"):
        monkeypatch.delenv(key, raising=False)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    return Deployment.from_environment()


def revisions(history: SandboxOptions) -> list[SandboxOptions]:
    """The history as each revision of the API serves it."""
    return [
        replace(history, dates_honoured=dates, staff_flag=flags, origin_id=flags)
        for dates in (False, True)
        for flags in (True, False)
    ]


@pytest.fixture(scope="session")
def project() -> Project:
    return load_project([SHIPPED])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def warehouse(database: Path, project: Project) -> Warehouse:
    return Warehouse(database, project)


@pytest.fixture
def memory() -> Iterable[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def days() -> Callable[[int], list[dt.date]]:
    """The first so many days from DAY."""
    return lambda count: [DAY + dt.timedelta(days=n) for n in range(count)]
