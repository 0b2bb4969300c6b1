"""The server and the tab that all of these tests share, and why they are skipped where there is no browser."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.served import Served, served
from tests.browser.tab import CHROMIUM, Tab, opened

HERE = Path(__file__).parent
_MISSING = [
    *([] if CHROMIUM.exists() else [f"there is no {CHROMIUM}: apt-get install chromium"]),
    *([] if find_spec("playwright") else ["playwright is not installed: make install"]),
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only `-m browser`, which is `make browser`, runs these: they take minutes, one after another."""
    ours = [item for item in items if HERE in item.path.parents]
    if config.option.markexpr != "browser":
        items[:] = [item for item in items if item not in ours]
        config.hook.pytest_deselected(items=ours)
    for item in ours:
        item.add_marker(pytest.mark.browser)
        if _MISSING:
            item.add_marker(pytest.mark.skip(reason="; ".join(_MISSING)))


@pytest.fixture(scope="session")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served")) as serving:
        yield serving


@pytest.fixture(scope="session")
def one_tab(ui: Served) -> Iterator[Tab]:
    with opened(ui.url) as tab:
        yield tab


@pytest.fixture
def tab(one_tab: Tab) -> Iterator[Tab]:
    """The tab; after each test its console must have been silent."""
    one_tab.said.clear()
    yield one_tab
    assert one_tab.said == []
